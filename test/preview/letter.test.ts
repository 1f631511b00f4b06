import { describe, expect, it } from 'vitest'
import type { MailshotConfig } from '../../integrations/mailshot/config.ts'
import { previewLetter, previewLetterPart } from '../../integrations/mailshot/preview/letter.ts'
import { listLetters } from '../../integrations/mailshot/preview/letters.ts'
import { campaignFolder } from '../campaign-folder.ts'

const files = {
  'letters/welcome/fr.md': '---\nsubject: Bienvenue\n---\nVoici {{ lists }}.\n',
  'letters/goodbye.md': '---\nsubject: Au revoir\n---\nÀ bientôt, {{ nom }}.\n',
}
const asking = (path = '') => new Request(`http://localhost/mailshot/preview/letters/${path}`)

async function pageOf(config: MailshotConfig, address: string) {
  const [kind = ''] = address.split('?')
  const preview = await previewLetter(config, kind, asking(address))
  if ('unknown' in preview) throw new Error(`no letter ${kind}`)
  return preview.letter
}

describe('listLetters', () => {
  it('lists every letter with its subject, and whose words it has', async () => {
    const listed = await listLetters(campaignFolder(files))
    expect(listed).toHaveLength(8)
    expect(listed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'welcome',
          subject: 'Bienvenue',
          hasFile: true,
          errors: 0,
        }),
        expect.objectContaining({
          kind: 'goodbye',
          href: '/mailshot/preview/letters/goodbye',
          subject: 'Votre désinscription de Les Nouvelles est faite',
          errors: 1,
        }),
        expect.objectContaining({
          kind: 're-consent',
          subject: expect.stringMatching(/^Les Nouvelles.*rester/),
          hasFile: false,
        }),
      ]),
    )
  })
})

describe('previewLetter', () => {
  it('shows the site’s words for an invented reader, in the languages that they have', async () => {
    const page = await pageOf(campaignFolder(files), 'welcome?lang=en')
    expect(page).toMatchObject({ isOwn: true, problems: [] })
    expect(page.source).toMatch(/letters\/welcome\/fr\.md$/)
    expect(page.shown.langs.map(({ value }) => value)).toEqual(['fr'])
    expect(page.shown).toMatchObject({ lang: 'fr', failure: undefined, isVisible: true })
    expect(page.shown.text).toContain('Voici Hebdo et Produits.')
  })

  it('shows ours where it has none, in the language and the colours asked for', async () => {
    const { source, file, shown } = await pageOf(
      campaignFolder({}),
      'invitation?lang=ar&scheme=dark',
    )
    expect(source).toBeUndefined()
    expect(file).toMatch(/letters\/invitation\.md$/)
    expect(shown).toMatchObject({
      lang: 'ar',
      dir: 'rtl',
      scheme: { current: 'dark', isOwn: true },
    })
    expect(shown.langs).toHaveLength(10)
    expect(shown.links.html).toBe(
      '/mailshot/preview/letters/invitation/mail.html?lang=ar&scheme=dark',
    )
  })

  it('tells a mistake, and shows what is mailed until it is mended', async () => {
    const page = await pageOf(campaignFolder(files), 'goodbye')
    expect(page).toMatchObject({ isOwn: false, problems: [{ severity: 'error', line: 4 }] })
    expect(page.shown.inbox.subject).toBe('Votre désinscription de Les Nouvelles est faite')
  })

  it('leads from a name that is none to the nearest', async () => {
    const preview = await previewLetter(campaignFolder({}), 'welcom', asking('welcom'))
    expect(preview).toMatchObject({
      unknown: { near: [{ slug: 'welcome', href: '/mailshot/preview/letters/welcome' }] },
    })
  })
})

describe('previewLetterPart', () => {
  it('answers with the mail as it would be handed over, and its bodies', async () => {
    const config = campaignFolder({})
    const part = (name: string, kind = 'welcome') =>
      previewLetterPart(config, { kind, part: name }, asking(`${kind}/${name}?lang=en`))
    const [eml, html, text] = await Promise.all(
      ['mail.eml', 'mail.html', 'mail.txt'].map((one) => part(one)),
    )
    expect(eml?.headers.get('content-disposition')).toBe('attachment; filename="welcome.en.eml"')
    expect(await eml?.text()).toContain('Subject: Welcome to The News')
    expect(html?.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await html?.text()).toContain('My preferences')
    expect(await text?.text()).toContain('https://example.org/mailshot/preferences/sample')
    expect([(await part('x')).status, (await part('mail.txt', 'nope')).status]).toEqual([404, 404])
  })
})
