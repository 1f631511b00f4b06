import * as fc from 'fast-check'
import { type ParsedMail, simpleParser } from 'mailparser'
import MailComposer from 'nodemailer/lib/mail-composer'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { CompiledCampaign, Template } from '../../integrations/mailshot/compile.ts'
import { escapes, escapeValue } from '../../integrations/mailshot/compile/escape.ts'
import { encodeMime } from '../../integrations/mailshot/message/mime.ts'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { compileOnly, markdown } from '../campaign-folder.ts'
import { composeFor } from '../compose-for.ts'

/** What breaks texts. */
const odd = [
  ['é', '’', '👩‍👧', '\uD83D', '\uDE00', 'a', 'bc ', '=', '=20', '=\r\n', '.', '\n.', '..'],
  [' ', '\t', ' \n', '\t\r\n', '\r', '\n\n', '\0', 'From ', '\nFrom x', '--=_', '\r\n\r\n'],
  ['"', "'", '<', '>', '&', '{{', '}}', '{% if', '=?utf-8?Q?=0A?=', '\u0001', '\u0002'],
  ['w'.repeat(80), 'é'.repeat(40), 'x'.repeat(1100), '\u2028', '\u00a0', '\u0085', ',', '@'],
].flat()

const text = fc.string({
  maxLength: 30,
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(...odd),
  ),
})
/** nodemailer takes what looks like an encoded word for one. */
const readerName = text.filter((value) => !escapeValue(value, 'header').includes('=?'))
const senderName = readerName.map((value) => escapeValue(value, 'header'))
/** Sources are UTF-8, so no half of a character stands in one, nor half a line end before a placeholder. */
const literal = text.map((value) => value.toWellFormed().replace(/\r$/, ''))

/** In ASCII alone a subject is folded as it is, else it is encoded. */
const greeting = fc.constantFrom(
  'À ',
  'Hello ',
  'Plain words that fill the line of the subject until it must be folded, dear ',
)

const output = fc.record({
  output: fc.constantFrom('nom', 'city | default: "là ."', 'city | upcase', 'url_view', 'lists'),
  escape: fc.constantFrom(...escapes),
})
const flat = fc.array(fc.oneof(literal, output), { maxLength: 8 })
const branches = fc
  .tuple(flat, flat, flat)
  .map(([yes, no, round]): Template => [
    { tag: 'if city contains "a"' },
    ...yes,
    { tag: 'else' },
    ...no,
    { tag: 'endif' },
    { tag: 'for one in lists' },
    ...round,
    { output: 'one', escape: 'html' },
    { tag: 'endfor' },
  ])
const template = fc.oneof(
  flat,
  fc.tuple(flat, branches, flat).map((all) => all.flat()),
)
/** nodemailer leaves a part without text away. */
const body = template.map((parts): Template => ['<p>', ...parts])

/** A compiled campaign with other templates in it, which no source would compile to. */
function campaignOf(
  compiled: CompiledCampaign,
  [html, plain]: Template[],
  { from, hello = 'À ' }: { from: string; hello?: string },
): CompiledCampaign {
  const [variant] = Object.values(compiled.variants)
  if (!variant || !html || !plain) throw new Error('no variant')
  const subject: Template = [hello, { output: 'nom', escape: 'header' }]
  return {
    ...compiled,
    from: { name: from, address: 'redac@example.org' },
    replyTo: { name: from, address: 'reponse@xn--caf-dma.example' },
    variants: { fr: { ...variant, subject, html, text: plain } },
  }
}

/** The same content, as nodemailer composes it. */
function byNodemailer(message: Message): Promise<Buffer> {
  const { from, to, replyTo, subject, messageId, headers } = message
  // Any line end is one line end in a mail.
  const [plain, html] = [message.text, message.html].map((part) => part.replace(/\r\n?/g, '\n'))
  const composer = new MailComposer({
    from,
    to,
    replyTo,
    subject,
    messageId,
    headers: { ...headers },
    text: plain,
    html,
    textEncoding: 'quoted-printable',
  })
  return composer.compile().build()
}

/** All that a mail program reads out of a mail, but for what each mail has of its own. */
function read(mail: ParsedMail) {
  const headers = [...mail.headers].filter(([name]) => !/^(?:content-type|date)$/.test(name))
  return {
    headers: Object.fromEntries(headers),
    text: mail.text,
    html: mail.html,
    attachments: mail.attachments,
  }
}

function requireWellFormed(mime: string): void {
  expect(mime).toMatch(/^[\t\r\n -~]*$/)
  expect(mime.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  expect(mime).toMatch(/\r\n$/)
  const lines = mime.split('\r\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78)
  expect(lines.filter((line) => line.startsWith('.') || line.startsWith('From '))).toEqual([])
  const boundary = /boundary="([^"]*)"/.exec(mime)?.[1] ?? ''
  expect(mime.split(`--${boundary}`)).toHaveLength(4)
}

/** What a campaign's own Liquid makes of its reader's values, among them the placeholders that stand alone. */
const source = [
  '{% if nom %}Bonjour {{ nom }}{% else %}Salut{% endif %} {% unless city %}rien{% endunless %}{{ city | default: "là =" }}',
  '{% assign v = city | upcase %}{{ v | default: "v" }}={{ v | append: "=" | default: "w" }}',
  '{% case plan %}{% when "pro" %}Pro {{ nom | default: "x" }}{% else %}.{{ nom | default: "y" }}{% endcase %}',
  '{% if city contains "a" %}{{ city }}{% elsif city %}{{ city | truncate: 5 }}{% endif %}',
  '[lien]({{ url_view }}) et <a href="https://a.example/{{ city | default: "x" }}">là</a>',
].join('\n\n')
const heads = [
  'subject: {% if city %}{{ city }}{% else %}Rien{% endif %} {{ nom | default: "toi" }}',
  'preheader: {{ city | default: "p" }}=',
]

describe('Message.mime', () => {
  test('decodes so for campaigns as they are written, whatever readers’ values are', async () => {
    const base = await compileOnly({ 'a.md': markdown(source, ...heads) })
    const plan = fc.constantFrom('pro', 'free', '')
    await fc.assert(
      fc.asyncProperty(readerName, readerName, plan, async (nom, city, kind) => {
        const message = composeFor(base, { name: nom, attributes: { city, plan: kind } })
        const mime = message.mime()
        requireWellFormed(mime)
        expect(message.octets?.().length).toBe(mime.length)
        const mails = [mime, await byNodemailer(message)].map((mail) => simpleParser(mail))
        const [ours, theirs] = await Promise.all(mails)
        expect(ours && read(ours)).toEqual(theirs && read(theirs))
      }),
      { numRuns: 100 },
    )
  })

  test('decodes to the headers and parts that nodemailer’s composition decodes to', async () => {
    const base = await compileOnly({ 'a.md': markdown('x') })
    await fc.assert(
      fc.asyncProperty(
        body,
        body,
        fc.tuple(senderName, readerName, text, greeting),
        async (html, plain, names) => {
          const [from, to, city, hello] = names
          const compiled = campaignOf(base.compiled, [html, plain], { from, hello })
          const lists = ['weekly', 'product']
          const message = composeFor(
            { ...base, compiled },
            { name: to, attributes: { city }, lists },
          )
          const mime = message.mime()
          requireWellFormed(mime)
          const [ours, theirs] = await Promise.all([
            simpleParser(mime),
            simpleParser(await byNodemailer(message)),
          ])
          expect(read(ours)).toEqual(read(theirs))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('is the same whether the campaign was encoded before or the whole mail at last', async () => {
    const base = await compileOnly({ 'a.md': markdown('x') })
    await fc.assert(
      fc.asyncProperty(body, body, text, async (html, plain, city) => {
        const message = composeFor(
          {
            config: base.config,
            compiled: campaignOf(base.compiled, [html, plain], { from: 'News' }),
          },
          { attributes: { city } },
        )
        const whole = encodeMime(message, new Date())
        requireWellFormed(whole)
        const [pieces, atLast] = await Promise.all(
          [message.mime(), whole].map((mime) => simpleParser(mime)),
        )
        expect(pieces && read(pieces)).toEqual(atLast && read(atLast))
      }),
      { numRuns: 80 },
    )
  })

  test('shows a name that looks like an encoded word as it is', async () => {
    const written = '=?utf-8?Q?Bcc=3A_x?='
    const compiled = await compileOnly({ 'a.md': markdown('x') })
    const { to } = await simpleParser(composeFor(compiled, { name: written }).mime())
    expect(to).toMatchObject({ value: [{ name: written, address: 'Camille@example.org' }] })
  })

  test('is dated when it is first asked for, and stays the same', async () => {
    const compiled = await compileOnly({ 'a.md': markdown('x') })
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 8) })
    const message = composeFor(compiled)
    vi.setSystemTime(Date.UTC(2026, 10, 22, 9))
    const mime = message.mime()
    expect(mime).toContain('\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n')
    expect(composeFor(compiled).mime()).toBe(mime)
    vi.setSystemTime(Date.UTC(2026, 10, 22, 10))
    expect(message.mime()).toBe(mime)
  })
})
