import { describe, expect, it } from 'vitest'
import { readSampleLetter } from '../../integrations/mailshot/letter/sample.ts'
import { writable, type WritableKind } from '../../integrations/mailshot/letter/template.ts'
import { textLanguages } from '../../integrations/mailshot/texts.ts'
import { campaignFolder } from '../campaign-folder.ts'

const now = () => Date.UTC(2026, 10, 22)
const kinds = Object.keys(writable).filter((kind): kind is WritableKind => kind !== 're-consent')
const files = {
  'letters/welcome/fr.md':
    '---\nsubject: "Bonjour {{ name | default: \'vous\' }}"\n---\nVoici {{ lists }}, {{ email }}.\n',
  'letters/goodbye.md': '---\nsubject: Au revoir\n---\nÀ bientôt, {{ nom }}.\n',
  'letters/re-consent.md': '---\nsubject: Rester ?\n---\n[Oui]({{ url_stay }})\n',
}

describe('readSampleLetter', () => {
  it('composes each letter in each language, with links that open nothing', async () => {
    const empty = campaignFolder({})
    for (const kind of kinds) {
      const letter = await readSampleLetter({ config: empty, now }, kind)
      expect([kind, letter.isOwn, ...letter.langs]).toEqual([kind, false, ...textLanguages])
      const mails = letter.langs.map((lang) => letter.compose({ lang }))
      expect(new Set(mails.map(({ subject }) => subject)).size).toBe(textLanguages.length)
      const said = mails.map(({ subject, html, text }) => subject + html + text).join('\n')
      expect(said).not.toMatch(/[{]\w+[}]|undefined/)
      const links = said.match(/https:\/\/example\.org\/mailshot\/[^\s"<]+/g) ?? []
      expect(links.filter((link) => !/\/sample$|\/subscribe\?lang=/.test(link))).toEqual([])
    }
  })

  it('takes the site’s own words, for whom they are asked for', async () => {
    const letter = await readSampleLetter({ config: campaignFolder(files), now }, 'welcome')
    expect(letter).toMatchObject({ isOwn: true, langs: ['fr'], problems: [] })
    const mail = letter.compose({ name: 'Zoé', email: 'zoe@example.net' })
    expect(mail).toMatchObject({ subject: 'Bonjour Zoé', envelope: { to: 'zoe@example.net' } })
    expect(mail.text).toContain('Voici Hebdo et Produits, zoe@example.net.')
  })

  it('says until when links work as the letter itself does, of those that live for a day with the hour', async () => {
    const said = await Promise.all(
      (['links', 'change-address'] as const).map(async (kind) => {
        const letter = await readSampleLetter({ config: campaignFolder({}), now }, kind)
        return letter.compose({ lang: 'en' }).text
      }),
    )
    expect(said).toEqual([
      expect.stringMatching(/November 23, 2026 at 1:00\sAM/),
      expect.stringMatching(/November 29, 2026(?! at)/),
    ])
  })

  it('tells a mistake in them, and shows ours, which are mailed then', async () => {
    const { isOwn, problems, compose } = await readSampleLetter(
      { config: campaignFolder(files), now },
      'goodbye',
    )
    expect([isOwn, problems.map(({ what }) => what)]).toEqual([
      false,
      [expect.stringContaining('nom')],
    ])
    expect(compose().subject).toBe('Votre désinscription de Les Nouvelles est faite')
  })

  it('asks whether readers want to stay as the send would', async () => {
    const letter = await readSampleLetter({ config: campaignFolder(files), now }, 're-consent')
    expect(letter).toMatchObject({ isOwn: true, langs: ['fr'] })
    expect(letter.compose().text).toContain('Oui (https://example.org/mailshot/stay/sample)')
  })
})
