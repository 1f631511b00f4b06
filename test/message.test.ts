import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import type { CompiledCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { composeSample } from '../integrations/mailshot/message.ts'
import { compileOnly, markdown } from './campaign-folder.ts'
import { type Compiled, composeFor } from './compose-for.ts'

function compiledMarkdown(
  body: string,
  head: string[] = [],
  overrides: Partial<MailshotConfigInput> = {},
): Promise<Compiled> {
  return compileOnly({ 'a.md': markdown(body, ...head) }, overrides)
}

describe('composeMessage', () => {
  test('merges a reader’s fields into subject, HTML and text', async () => {
    const message = composeFor(
      await compiledMarkdown(
        'Bonjour {{ nom | default: "à tous" }}, de {{ city | default: "partout" }}',
        ['subject: {{ nom | default: "Bonjour" }}, bonjour'],
      ),
    )
    expect(message.subject).toBe('Camille, bonjour')
    expect(message.html).toContain('Bonjour Camille, de Paris')
    expect(message.text).toContain('Bonjour Camille, de Paris')
  })

  test('takes the default where a field is empty or blank', async () => {
    const compiled = await compiledMarkdown('Bonjour {{ nom | default: "à tous" }}.')
    expect(composeFor(compiled, { name: '' }).text).toContain('Bonjour à tous.')
    expect(composeFor(compiled, { name: '  ' }).text).toContain('Bonjour à tous.')
  })

  test('knows every built-in field, by its French name too', async () => {
    const fields =
      '{{ email }} {{ lang }} {{ listes | join: "+" }} {{ lists }} {{ status }} {{ campaign }} {{ list }} {{ list_title }}'
    const { text } = composeFor(await compiledMarkdown(fields), { lists: ['product', 'weekly'] })
    expect(text).toContain(
      'Camille@example.org fr product+weekly product, weekly active a product Produits',
    )
  })

  test('follows conditions on attributes', async () => {
    const compiled = await compiledMarkdown(
      '{% if plan == "pro" %}\nMerci\n{% elsif city %}\nDe {{ city }}\n{% else %}\nBonjour\n{% endif %}',
    )
    expect(composeFor(compiled).text).toMatch(/^Merci\n/)
    expect(composeFor(compiled, { attributes: { plan: 'free', city: 'Lyon' } }).text).toMatch(
      /^De Lyon\n/,
    )
    expect(composeFor(compiled, { attributes: {} }).text).toMatch(/^Bonjour\n/)
  })

  test('counts a field without a value as false, empty and blank', async () => {
    const compiled = await compiledMarkdown(
      '{% if nom %}A{% endif %}{% if nom == "" %}B{% endif %}{% if nom == blank %}C{% endif %}{% if nom != "" %}D{% endif %}',
    )
    expect(composeFor(compiled, { name: '' }).text).toMatch(/^BC\n/)
  })

  test('runs through the lists, and assigns', async () => {
    const compiled = await compiledMarkdown(
      '{% assign ville = city | default: "partout" | upcase %}{{ ville }}: {% for une in listes %}{{ une }};{% endfor %}',
    )
    expect(composeFor(compiled, { lists: ['weekly', 'product'] }).text).toMatch(
      /^PARIS: weekly;product;\n/,
    )
  })

  test('takes white space where a tag asks for it', async () => {
    const compiled = await compiledMarkdown(
      'a {{- nom | default: "x" -}} b {%- if nom -%} c {%- endif %}',
    )
    expect(composeFor(compiled).text).toMatch(/^aCamillebc\n/)
  })

  test('picks the reader’s language, a near one, or the fallback', async () => {
    const compiled = await compileOnly({
      'a/fr.md': markdown('Texte'),
      'a/en.md': markdown('English'),
      'a/pt-BR.md': markdown('Português'),
    })
    const textFor = (lang: string) => composeFor(compiled, { lang }).text.split('\n')[0]
    expect(textFor('en')).toBe('English')
    expect(textFor('en-GB')).toBe('English')
    expect(textFor('pt')).toBe('Português')
    expect(textFor('de')).toBe('Texte')
    expect(textFor('constructor')).toBe('Texte')
  })

  test('names the campaign’s sender, else the list’s, else the site’s', async () => {
    const lists = {
      weekly: { title: 'Hebdo' },
      product: { title: 'Produits', from: 'Produit <produit@example.org>' },
    }
    const compiled = await compiledMarkdown('x', ['lists: [weekly, product]'], { lists })
    expect(composeFor(compiled).from.address).toBe('redac@example.org')
    expect(composeFor(compiled, { lists: ['product'] }).from.address).toBe('produit@example.org')
    const own = await compiledMarkdown('x', ['from: Moi <moi@example.org>'], { lists })
    expect(composeFor(own, { lists: ['product'] }).from.address).toBe('moi@example.org')
  })

  test('has answers go where the campaign says, else the list, else the site', async () => {
    const lists = {
      weekly: { title: 'Hebdo' },
      product: { title: 'Produits', replyTo: 'Produit <answers@example.org>' },
    }
    const config = { lists, replyTo: 'bonjour@example.org' }
    const compiled = await compiledMarkdown('x', ['lists: [weekly, product]'], config)
    expect(composeFor(compiled).replyTo?.address).toBe('bonjour@example.org')
    expect(composeFor(compiled, { lists: ['product'] }).replyTo?.address).toBe(
      'answers@example.org',
    )
    const own = await compiledMarkdown('x', ['replyTo: moi@example.org'], config)
    expect(composeFor(own, { lists: ['product'] }).replyTo?.address).toBe('moi@example.org')
  })

  test('keeps sender, answers and title of a list that is renamed while it is sent', async () => {
    const from = 'Produit <produit@example.org>'
    const news = { title: 'Nouvelles', from, replyTo: from, formerly: 'product' }
    const compiled = await compiledMarkdown('{{ list_title }}', ['lists: [weekly]'], {
      lists: { weekly: { title: 'Hebdo' }, news },
    })
    const message = composeFor(compiled, { lists: ['product'] })
    expect(message).toMatchObject({
      from: { address: 'produit@example.org' },
      replyTo: { address: 'produit@example.org' },
      headers: { 'List-Id': 'Nouvelles <product.example.org>' },
    })
    expect(message.text).toMatch(/^Nouvelles\n/)
  })

  test('carries the headers of a newsletter', async () => {
    const compiled = await compiledMarkdown('x', [], {
      lists: { weekly: { title: { fr: 'Hebdo', en: 'Weekly' } } },
    })
    expect(composeFor(compiled, { lang: 'en' }).headers).toEqual({
      'List-Unsubscribe': '<https://example.org/mailshot/unsubscribe/u>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'List-Id': 'Weekly <weekly.example.org>',
      Precedence: 'bulk',
      'Feedback-ID': 'a:weekly:send1:example.org',
    })
  })

  test('composes for a reader who is on no list', async () => {
    const message = composeFor(await compiledMarkdown('{{ list_title }}'), { lists: [] })
    expect(message.headers).not.toHaveProperty('List-Id')
    expect(message.text).toMatch(/^Les Nouvelles\n/)
  })

  test('sends everything to one address when told to, and says whose it was', async () => {
    const message = composeFor(await compiledMarkdown('x'), {}, { redirectTo: 'test@example.org' })
    expect(message.envelope.to).toBe('test@example.org')
    expect(message.to.address).toBe('test@example.org')
    expect(message.headers['X-Mailshot-Redirected-From']).toBe('Camille@example.org')
  })

  test('redirects where only the config says so', async () => {
    const compiled = await compiledMarkdown('x', [], { redirectTo: 'staging@example.org' })
    expect(composeFor(compiled).envelope.to).toBe('staging@example.org')
  })

  test('marks a test send in its subject', async () => {
    const compiled = await compiledMarkdown('x')
    expect(composeFor(compiled, {}, { subjectPrefix: '[TEST] ' }).subject).toBe('[TEST] Bonjour')
  })

  test('gives the same message after the campaign went through JSON', async () => {
    const { config, compiled } = await compiledMarkdown(
      '{% if nom %}{{ nom }}{% endif %} {{ city | default: "x" }}',
    )
    const stored: CompiledCampaign = JSON.parse(JSON.stringify(compiled))
    expect(stored).toEqual(compiled)
    expect(composeFor({ config, compiled: stored }).html).toBe(
      composeFor({ config, compiled }).html,
    )
  })

  test('writes a whole mail that a mail program reads', async () => {
    const compiled = await compiledMarkdown(
      'Déjà **là** {{ nom | default: "x" }}',
      [
        'subject: L’été à {{ city | default: "x" }}',
        'from: "Rédaction, Été" <redac@example.org>',
        'replyTo: Réponse <reponse@example.org>',
      ],
      { lists: { weekly: { title: 'L’hebdo, en bref' } } },
    )
    const message = composeFor(compiled, { name: 'Zoé "Z" Łuk' })
    const mail = await simpleParser(message.mime())
    expect(mail.subject).toBe('L’été à Paris')
    expect(mail.from?.value).toEqual([{ name: 'Rédaction, Été', address: 'redac@example.org' }])
    expect(mail.to).toMatchObject({
      value: [{ name: 'Zoé "Z" Łuk', address: 'Camille@example.org' }],
    })
    expect(mail.replyTo?.value[0]?.address).toBe('reponse@example.org')
    expect(mail.messageId).toBe('<send1.7@example.org>')
    expect(mail.date).toBeInstanceOf(Date)
    expect(mail.headers.get('list')).toMatchObject({
      id: { name: '=?utf-8?Q?L=E2=80=99hebdo=2C_en_bref?=', id: 'weekly.example.org' },
      unsubscribe: { url: 'https://example.org/mailshot/unsubscribe/u' },
    })
    expect(mail.headers.get('precedence')).toBe('bulk')
    expect(mail.text).toBe(message.text)
    expect(mail.html).toBe(message.html)
  })

  test('keeps every line of a mail below the limit of SMTP, in ASCII', async () => {
    const compiled = await compiledMarkdown(`${'é'.repeat(5000)} {{ nom | default: "x" }}`)
    const mime = composeFor(compiled, { name: 'ü'.repeat(3000) }).mime()
    const lines = mime.split('\r\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(998)
    expect(mime).toMatch(/^[\t\r\n\x20-\x7e]*$/)
  })

  test('encodes a mail once', async () => {
    const message = composeFor(await compiledMarkdown('x'))
    expect(message.mime()).toBe(message.mime())
  })

  test('links only to addresses that a mail may link to', async () => {
    const compiled = await compiledMarkdown('{% if city %}\n[ici]({{ city }})\n{% endif %}')
    const linkFor = (city: string) =>
      /href="([^"]*)"[^>]*>ici</.exec(composeFor(compiled, { attributes: { city } }).html)?.[1]
    expect(linkFor('https://a.org/é?b=1&c="2"')).toBe('https://a.org/%C3%A9?b=1&amp;c=%222%22')
    expect(linkFor('mailto:a@b.org')).toBe('mailto:a@b.org')
    expect(linkFor('javascript:alert(1)')).toBe('#')
    expect(linkFor(' java\nscript:alert(1)')).toBe('#')
    expect(linkFor('data:text/html,x')).toBe('#')
    expect(linkFor('//evil.org')).toBe('#')
  })

  test('encodes a value inside an address', async () => {
    const compiled = await compiledMarkdown('[ici](https://a.org/?v={{ city | default: "x" }}&w=1)')
    const { html, text } = composeFor(compiled, { attributes: { city: 'a&b="c"/é' } })
    expect(html).toContain('href="https://a.org/?v=a%26b%3D%22c%22%2F%C3%A9&amp;w=1"')
    expect(text).toContain('https://a.org/?v=a%26b%3D%22c%22%2F%C3%A9&w=1')
  })

  test('never evaluates what a field holds', async () => {
    const compiled = await compiledMarkdown('{% if nom %}A{{ nom }}Z{% endif %}', [
      'subject: {{ nom | default: "x" }}',
    ])
    const message = composeFor(compiled, { name: '{{ email }}{% if %}' })
    expect(message.subject).toBe('{{ email }}{% if %}')
    expect(message.text).toContain('A{{ email }}{% if %}Z')
  })

  test('writes dates in the language of the mail', async () => {
    const fields = { born: { type: 'date' as const } }
    const body =
      '{{ born | date: "long" | default: "x" }}, {{ born | date: "%d/%m/%Y" | default: "x" }}'
    const compiled = await compiledMarkdown(body, [], { fields })
    expect(composeFor(compiled, { attributes: { born: '2026-06-15' } }).text).toMatch(
      /^15 juin 2026, 15\/06\/2026\n/,
    )
    expect(composeFor(compiled, { attributes: {} }).text).toMatch(/^x, x\n/)
  })
})

describe('composeSample', () => {
  test('has a value for every field of the site', async () => {
    const fields = {
      city: { type: 'text' as const },
      plan: { type: 'choice' as const, choices: ['free', 'pro'] },
      age: { type: 'number' as const },
      member: { type: 'boolean' as const },
      born: { type: 'date' as const },
    }
    const body =
      '{{ nom | default: "?" }} {{ city | default: "?" }} {{ plan | default: "?" }} {{ age | default: "?" }} {{ member | default: "?" }} {{ born | default: "?" }}'
    const { config, compiled } = await compiledMarkdown(body, [], { fields })
    expect(composeSample(config, compiled).text).toMatch(
      /^Camille Martin city free 1 true 2026-06-15\n/,
    )
  })

  test('lets what is known win', async () => {
    const { config, compiled } = await compiledMarkdown(
      '{{ nom | default: "?" }} {{ city | default: "?" }}',
    )
    const sample = composeSample(config, compiled, { name: 'Zoé', attributes: { city: 'Lyon' } })
    expect(sample.text).toMatch(/^Zoé Lyon\n/)
  })
})
