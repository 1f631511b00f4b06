import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import {
  archiveUrl,
  findLetter,
  type Letter,
  listLetters,
} from '../integrations/mailshot/archive.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { mirrorLists } from '../integrations/mailshot/list.ts'
import { cancelSend } from '../integrations/mailshot/send.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { markdown, mjml } from './campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendCampaign, startCampaign } from './sent-campaign.ts'

const hidden = { title: 'Team', public: false }

describe('listLetters', () => {
  it('shows what was sent, newest first, with the day it was first sent', async () => {
    const mailshot = await withReaders()
    const first = mailshot.now()
    await sendCampaign(mailshot, { 'b-first.md': markdown('un', 'preheader: Avant') })
    mailshot.clock.advance(86_400_000)
    const second = mailshot.now()
    await sendCampaign(mailshot, { 'a-second.md': markdown('deux') })
    const letters = await listLetters(mailshot, { lang: 'fr' })
    expect(letters.map(({ slug }) => slug)).toEqual(['a-second', 'b-first'])
    expect(letters[1]).toMatchObject({ title: 'Bonjour', preheader: 'Avant', langs: ['fr'] })
    expect(letters[1]?.body).toMatchObject({ kind: 'content' })
    expect(daysOf(letters)).toEqual([dayOf(second), dayOf(first)])
  })

  it('hides what is not started, or was cancelled before its first mail', async () => {
    const mailshot = await withReaders()
    const at = mailshot.now() + 86_400_000
    const planned = await startCampaign(mailshot, { 'later.md': markdown('plus tard') }, { at })
    expect(await slugs(mailshot)).toEqual([])
    await cancelSend(mailshot, planned.id, { actor: 'test' })
    expect(await slugs(mailshot)).toEqual([])
  })

  it('hides what reached nobody, and shows what may have reached somebody', async () => {
    const transport = memory()
    const mailshot = await withReaders({ transport })
    transport.failWhen({ status: 'rejected', class: 'hard', reason: '550 5.2.1 mailbox disabled' })
    await sendCampaign(mailshot, { 'refused.md': markdown('x') })
    transport.failWhen({ status: 'uncertain', reason: 'the link broke' })
    await sendCampaign(mailshot, { 'uncertain.md': markdown('y') })
    expect(await slugs(mailshot)).toEqual(['uncertain'])
  })

  it('hides what its file keeps out of the archive by now', async () => {
    const mailshot = await withReaders({}, { unlisted: ['regretted'] })
    await sendCampaign(mailshot, { 'regretted.md': markdown('x') })
    await sendCampaign(mailshot, { 'shown.md': markdown('y') })
    expect(await slugs(mailshot)).toEqual(['shown'])
    expect(await findLetter(mailshot, { slug: 'regretted' })).toBeUndefined()
  })

  it('hides what went to a single address', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'a.md': markdown('x') }, { onlyTo: 'reader1@example.net' })
    expect(await slugs(mailshot)).toEqual([])
  })

  it('hides what went to a list that is not public, beside others too', async () => {
    const mailshot = await withReaders({ lists: { weekly: { title: 'Weekly' }, team: hidden } })
    await addReaders(mailshot, 1, { list: 'team' })
    await sendCampaign(mailshot, { 'team.md': markdown('x', 'lists: [team]') })
    await sendCampaign(mailshot, { 'both.md': markdown('y', 'lists: [weekly, team]') })
    await sendCampaign(mailshot, { 'all.md': markdown('z', 'lists: [weekly]') })
    expect(await slugs(mailshot)).toEqual(['all'])
  })

  it('follows the config: a list may become private, or get another name', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'a.md': markdown('x') })
    const now = (lists: MailshotConfigInput['lists']) => withLists(mailshot, lists)
    expect(await slugs(await now({ weekly: { title: 'W', public: false } }))).toEqual([])
    expect(await slugs(await now({ other: { title: 'O' } }))).toEqual([])
    expect(await slugs(await now({ news: { title: 'N', formerly: 'weekly' } }))).toEqual(['a'])
  })

  it('goes on showing what went to a public list that is closed by now, and to a private one never', async () => {
    const lists = { weekly: { title: 'Weekly' }, team: hidden, old: { title: 'Old' } }
    const mailshot = await withReaders({ lists })
    await addReaders(mailshot, 1, { list: 'team' })
    await addReaders(mailshot, 1, { list: 'old' })
    await sendCampaign(mailshot, { 'a.md': markdown('x', 'lists: [weekly]') })
    await sendCampaign(mailshot, { 'team.md': markdown('y', 'lists: [team]') })
    await sendCampaign(mailshot, { 'old.md': markdown('z', 'lists: [old]') })
    const now = await withLists(mailshot, { news: { title: 'N', public: false, formerly: 'old' } })
    await mirrorLists(now)
    expect(await slugs(now)).toEqual(['a'])
    expect(await slugs(await withLists(mailshot, { news: hidden }))).toEqual(['a'])
    expect(await slugs(await withLists(mailshot, { news: { title: 'N' } }))).toEqual(['old', 'a'])
  })

  it('hides a campaign that says archive: false, also where only its correction says so', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'quiet.md': markdown('x', 'archive: false') })
    await sendCampaign(mailshot, { 'wrong.md': markdown('y') })
    expect(await slugs(mailshot)).toEqual(['wrong'])
    mailshot.clock.advance(1000)
    await addReaders(mailshot, 1, { from: 3 })
    const corrected = { 'wrong.md': markdown('corrigé', 'archive: false') }
    await sendCampaign(mailshot, corrected, { audience: 'again' })
    expect(await slugs(mailshot)).toEqual([])
  })

  it('shows a correction in the place of what it corrects', async () => {
    const mailshot = await withReaders()
    const first = mailshot.now()
    await sendCampaign(mailshot, { 'a.md': markdown('faute') })
    mailshot.clock.advance(86_400_000)
    await addReaders(mailshot, 1, { from: 3 })
    await sendCampaign(mailshot, { 'a.md': markdown('corrigé') }, { audience: 'again' })
    const [letter, ...others] = await listLetters(mailshot, { lang: 'fr' })
    expect(others).toEqual([])
    expect(letter?.body.html).toBe('<p>corrigé</p>\n')
    expect(dayOf(letter?.sentAt ?? 0)).toBe(dayOf(first))
  })

  it('gives each letter in the language asked for, or in its fallback', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, {
      'both/fr.md': markdown('Bonjour'),
      'both/en.md': markdown('Hello', 'subject: Hello'),
    })
    await sendCampaign(mailshot, { 'only.md': markdown('Seulement') })
    const letters = await listLetters(mailshot, { lang: 'en-GB' })
    expect(letters.map(({ lang, title, url }) => [lang, title, url])).toEqual([
      ['fr', 'Bonjour', 'https://example.org/newsletters/only'],
      ['en', 'Hello', 'https://example.org/newsletters/both/en'],
    ])
    expect(letters[1]?.langs).toEqual(['en', 'fr'])
  })

  it('pages through any number, over hidden ones too', async () => {
    const mailshot = await withReaders()
    for (const number of [1, 2, 3, 4, 5]) {
      const head = number === 3 ? ['archive: false'] : []
      await sendCampaign(mailshot, { [`n${number}.md`]: markdown(`${number}`, ...head) })
    }
    const page = async (before?: string) => {
      const query = { lang: 'fr', limit: 2, ...(before !== undefined && { before }) }
      return (await listLetters(mailshot, query)).map(({ slug }) => slug)
    }
    expect(await page()).toEqual(['n5', 'n4'])
    expect(await page('n4')).toEqual(['n2', 'n1'])
    expect(await page('n1')).toEqual([])
    expect(await page('none')).toEqual([])
  })

  it('is empty for a site without an archive', async () => {
    const mailshot = await withReaders({ archive: false })
    await sendCampaign(mailshot, { 'a.md': markdown('x') })
    expect(await slugs(mailshot)).toEqual([])
    expect(await findLetter(mailshot, { slug: 'a' })).toBeUndefined()
  })
})

describe('findLetter', () => {
  const about = `{{ nom | default: "à tous" }}|{{ email }}|{{ city }}|{{ list_title }}|
{% if status == "active" %}abonné{% else %}personne{% endif %}{% if plan %}plan{% endif %}

[voir]({{ url_view }}) [choisir]({{ url_preferences }})`

  it('merges as for nobody: no data, no token, links to where one subscribes', async () => {
    const mailshot = await withReaders()
    const letter = markdown(
      about,
      'subject: {{ nom | default: "Bonjour" }} à {{ city | default: "tous" }}',
    )
    await sendCampaign(mailshot, { 'a.md': letter })
    const found = await findLetter(mailshot, { slug: 'a' })
    expect(found?.title).toBe('Bonjour à tous')
    expect(found?.body.html).toContain('à tous|||Hebdo|')
    expect(found?.body.html).toContain('personne')
    expect(found?.body.html).not.toContain('plan')
    expect(found?.body.html).toContain('<a href="https://example.org/newsletters/a">voir</a>')
    expect(found?.body.html).toContain(
      '<a href="https://example.org/mailshot/subscribe">choisir</a>',
    )
  })

  it('gives an MJML letter as a whole mail, without its foot', async () => {
    const mailshot = await withReaders()
    const body = '<mj-section><mj-column><mj-text><h1>Titre</h1></mj-text></mj-column></mj-section>'
    await sendCampaign(mailshot, { 'a.mjml': mjml(body) })
    const found = await findLetter(mailshot, { slug: 'a' })
    expect(found?.body.kind).toBe('mail')
    expect(found?.body.html).toMatch(/^<!doctype html>[^]*<h1>Titre<\/h1>[^]*<\/html>\s*$/i)
    expect(found?.body.html).not.toMatch(/mailshot\/|désinscrire|\w@\w/)
  })

  it('escapes nothing twice, and leaves a hostile subject as the text that it is', async () => {
    const mailshot = await withReaders()
    const hostile = 'subject: <script>alert(1)</script> & ]]> "x" {{ nom }}'
    await sendCampaign(mailshot, { 'a.md': markdown('x', hostile) })
    const found = await findLetter(mailshot, { slug: 'a' })
    expect(found?.title).toBe('<script>alert(1)</script> & ]]> "x"')
  })

  it('finds only languages that the letter has', async () => {
    const mailshot = await withReaders()
    const files = { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Hello') }
    await sendCampaign(mailshot, files)
    expect((await findLetter(mailshot, { slug: 'a' }))?.lang).toBe('fr')
    expect((await findLetter(mailshot, { slug: 'a', lang: 'en' }))?.body.html).toContain('Hello')
    expect(await findLetter(mailshot, { slug: 'a', lang: 'de' })).toBeUndefined()
    expect(await findLetter(mailshot, { slug: 'a', lang: 'en-GB' })).toBeUndefined()
    expect(await findLetter(mailshot, { slug: 'constructor' })).toBeUndefined()
  })

  it('shows what was sent, whatever was compiled later', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'a.md': markdown('envoyé') })
    const at = mailshot.now() + 86_400_000
    await addReaders(mailshot, 1, { from: 3 })
    const next = { 'a.md': markdown('pas encore') }
    await startCampaign(mailshot, next, { audience: 'again', at })
    expect((await findLetter(mailshot, { slug: 'a' }))?.body.html).toContain('envoyé')
    mailshot.clock.set(at)
    await deliver(mailshot, { untilDone: true })
    expect((await findLetter(mailshot, { slug: 'a' }))?.body.html).toContain('pas encore')
  })

  it('remembers no letter that has been hidden since', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'a.md': markdown('x') })
    expect(await findLetter(mailshot, { slug: 'a' })).toBeDefined()
    await mailshot.db.write(sql`UPDATE sends SET sent = 0`)
    expect(await findLetter(mailshot, { slug: 'a' })).toBeUndefined()
  })
})

describe('archiveUrl', () => {
  it('ends as the site’s addresses do, but for files', async () => {
    const { config } = await openTestMailshot()
    expect(archiveUrl(config)).toBe('https://example.org/newsletters')
    expect(archiveUrl(config, '/a')).toBe('https://example.org/newsletters/a')
    const slashed = { ...config, trailingSlash: true }
    expect(archiveUrl(slashed, '/a')).toBe('https://example.org/newsletters/a/')
    expect(archiveUrl(slashed, '/rss.xml')).toBe('https://example.org/newsletters/rss.xml')
  })
})

/** With two people on the weekly list. */
async function withReaders(...options: Parameters<typeof openTestMailshot>): Promise<TestMailshot> {
  const mailshot = await openTestMailshot(...options)
  await addReaders(mailshot, 2)
  return mailshot
}

/** The same database, as a site with other lists opens it. */
async function withLists(mailshot: TestMailshot, lists: MailshotConfigInput['lists']) {
  const { config } = await openTestMailshot({ lists })
  return { ...mailshot, config }
}

async function slugs(mailshot: Pick<TestMailshot, keyof TestMailshot>): Promise<string[]> {
  return (await listLetters(mailshot, { lang: 'fr' })).map(({ slug }) => slug)
}

function daysOf(letters: Letter[]): string[] {
  return letters.map(({ sentAt }) => dayOf(sentAt))
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
