import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { checkCampaigns } from '../../integrations/mailshot/check.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { readLetters, templatesOf } from '../../integrations/mailshot/letter/files.ts'
import { mirrorTemplates } from '../../integrations/mailshot/letter/template.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { campaignFolder, problemsOf } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

const letter = (subject: string, body: string, ...head: string[]) =>
  `---\n${[`subject: ${subject}`, ...head].join('\n')}\n---\n${body}\n`
const link = '[Oui]({{ url }})'

describe('letters that the site words itself', () => {
  it('are mailed in the reader’s language, in place of ours', async () => {
    const transport = memory()
    const config = campaignFolder(
      {
        'letters/confirmation/fr.md': letter(
          'Encore un clic pour {{ lists }}',
          `**Oui ?** ${link}`,
        ),
        'letters/confirmation/en.md': letter('One click for {{ lists }}', `**Yes?** ${link}`),
      },
      { transport },
    )
    const letters = await readLetters(config)
    expect(letters.flatMap(({ problems }) => problems)).toEqual([])
    const mailshot = await openTestMailshot({ transport })
    await mirrorTemplates(mailshot, templatesOf(letters))
    for (const lang of ['fr', 'en', 'de']) {
      const consent = { source: 'form' as const }
      await subscribe(mailshot, { email: `${lang}@example.net`, lang, lists: ['weekly'], consent })
    }
    await deliver(mailshot, { untilDone: true })
    const [message] = transport.sentTo('fr@example.net')
    expect(message?.subject).toBe('Encore un clic pour Hebdo')
    expect(message?.html).toMatch(
      /<strong>Oui \?<\/strong> <a href="https:\/\/example\.org\/mailshot\/confirm\/[\w-]+"/,
    )
    expect(message?.html).toMatch(/>Les Nouvelles<.*>1 rue du Port, 31000 Toulouse</)
    expect(message?.text).toMatch(/Oui \? Oui \(https:\S+\)\n\n-- \nLes Nouvelles, 1 rue du Port/)
    expect(transport.sentTo('en@example.net')[0]?.subject).toBe('One click for Weekly')
    expect(transport.sentTo('de@example.net')[0]?.subject).toBe('Encore un clic pour Hebdo')
  })

  it('say titles and dates in their own language, and go to whoever reads that', async () => {
    const transport = memory()
    const body = `{{ lang }}, {{ lists }}, {{ date }} ${link}`
    const own = campaignFolder({
      'letters/confirmation/fr.md': letter('Confirmez', body),
      'letters/confirmation/pl.md': letter('Potwierdź', body),
    })
    const mailshot = await openTestMailshot({ transport })
    await mirrorTemplates(mailshot, templatesOf(await readLetters(own)))
    for (const lang of ['en', 'pl-PL']) {
      const [consent, lists] = [{ source: 'form' as const }, ['product', 'weekly']]
      await subscribe(mailshot, { email: `${lang}@example.net`, lang, lists, consent })
    }
    await deliver(mailshot, { untilDone: true })
    const said = ['en', 'pl-PL'].map((lang) => transport.sentTo(`${lang}@example.net`)[0]?.text)
    expect(said).toEqual([
      expect.stringMatching(/^en, Hebdo et Produits, 6 décembre 2026 /),
      expect.stringMatching(/^pl-PL, Hebdo i Produits, 6 grudnia 2026 /),
    ])
  })

  it('give way to ours once their file is gone', async () => {
    const { config, ...mailshot } = await openTestMailshot()
    const count = () => mailshot.db.get(sql`SELECT count(*) AS n FROM letter_templates`)
    const own = campaignFolder({ 'letters/welcome.md': letter('Bienvenue', 'Voici {{ lists }}.') })
    await mirrorTemplates(mailshot, templatesOf(await readLetters(own)))
    expect(await count()).toEqual({ n: 1 })
    await mirrorTemplates(mailshot, templatesOf(await readLetters(config)))
    expect(await count()).toEqual({ n: 0 })
  })

  it('are checked with the campaigns, and are none themselves', async () => {
    const found = await problemsOf({
      'letters/confirmation.md': letter(
        'Bonjour {{ name }}',
        'Rien à suivre.',
        'lists: [weekly]',
        'segment: lang = fr',
      ),
      'letters/invitation.md': letter('Venez', `De {{ inviter }}. ${link}`),
      'letters/welcom.md': letter('Bienvenue', 'Bonjour'),
      'letters/goodbye.md': letter('{{ name }}', 'Au revoir, {{ name | default: "vous" }}.'),
      'letters/welcome.mjml': letter('Bienvenue', '<mjml><mj-body></mj-body></mjml>', 'layout: x'),
    })
    expect(found.toSorted()).toEqual([
      'letters/confirmation.md:2: unknown merge field "name"',
      'letters/confirmation.md:3: "lists" has no effect here',
      'letters/confirmation.md:4: "segment" has no effect here',
      'letters/confirmation.md:6: no link to {{ url }}',
      'letters/goodbye.md:2: {{ name }} may be empty',
      'letters/invitation.md:4: {{ inviter }} may be empty',
      'letters/welcom.md:1: no letter is called "welcom"',
      'letters/welcome.mjml:3: "layout" has no effect here',
    ])
  })

  it('are checked alone, too', async () => {
    const config = campaignFolder({
      'june.md': 'Bonjour',
      'letters/welcome.md': letter('Bienvenue', '{{ nom }}'),
      'letters/goodbye.md': letter('Au revoir', '{{ nom }}'),
    })
    const slugs = ['letters/welcome', 'letters/links']
    expect(await checkCampaigns(config, slugs)).toMatchObject([
      { slug: 'letters/welcome', problems: [{ line: 4, severity: 'error' }] },
    ])
  })

  it('with a mistake leave ours in their place', async () => {
    const own = campaignFolder({ 'letters/confirmation.md': letter('Confirmez', 'Sans lien.') })
    expect(templatesOf(await readLetters(own))).toEqual([])
  })
})
