import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { startFixture } from '../start-fixture.ts'
import { active, ask, freshPath, lettersOf } from '../subscriber/zoe.ts'
import { dump, get, locationOf, noticeOf, pageOf, post, textOf } from './visit.ts'

let mailshot: TestMailshot
let zoe: number
/** What a link opens that was asked for just now, and one of any newsletter. */
let own: string
let usual: string

// Zoé was sent a mail, has opened it, and had another address before.
beforeEach(async () => {
  mailshot = await openTestMailshot()
  zoe = await active(mailshot)
  own = await freshPath(mailshot, zoe)
  usual = `preferences/${signToken([testSecret], 'preferences', [zoe])}`
  await startFixture(mailshot, 'hello', { lists: ['weekly'] })
  await deliver(mailshot, { untilDone: true })
  await mailshot.db.write(
    sql`INSERT INTO events (key, transport, type, word, at, received_at, email, raw)
        VALUES ('k', 'smtp', 'opened', 'open', 0, 0, 'old@example.net', '{"agent":"<b>"}')`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
        VALUES (0, 'subscriber', 'change-address', ${`subscriber:${zoe}`}, '{"from":"old@example.net"}')`,
  )
})

describe('preferencesPage with what is held', () => {
  it('hands out all of it as a file, under former addresses too, and notes that', async () => {
    const answer = await visit(post(own, { do: 'export-json' }))
    expect(answer).toHaveProperty('status', 200)
    const data = JSON.parse(await textOf(answer))
    expect(data).toMatchObject({
      site: 'https://example.org',
      exportedAt: '2026-11-22T12:00:00.000Z',
      person: {
        email: 'Zoe@example.org',
        name: 'Zoé',
        attributes: { city: 'Aix' },
        formerAddresses: ['old@example.net'],
      },
      subscriptions: [{ list: 'product' }, { list: 'weekly', status: 'active' }],
      consents: [{ wording: 'Je veux la lettre', ip: '192.0.2.1' }, {}],
      mails: [{ campaign: 'hello', email: 'zoe@example.org', status: 'sent' }],
      events: [{ type: 'opened', email: 'old@example.net', raw: { agent: '<b>' } }],
      history: expect.arrayContaining([
        expect.objectContaining({ action: 'change-address', at: '1970-01-01T00:00:00.000Z' }),
      ]),
    })
    const again = JSON.parse(await textOf(await visit(post(own, { do: 'export-json' }))))
    expect(again.history.at(-1)).toMatchObject({ action: 'export-data', actor: 'subscriber' })
  })

  it('shows the same to be read, in the reader’s language, as text whatever it holds', async () => {
    await visit(post(own, { do: 'export-json' }))
    const answer = await visit(post(own, { do: 'export-html' }))
    const html = await textOf(answer)
    expect(html).toContain('<html lang="fr" dir="ltr">')
    expect(html).toContain('<dt>État</dt><dd><bdi>envoyé</bdi></dd>')
    expect(html).toMatch(/<dt>Lettres d’information<\/dt><dd><bdi>Hebdo<\/bdi>/)
    expect(html).toContain('<bdi>données remises</bdi>')
    expect(html).not.toMatch(/\{&quot;(?!agent)/)
    expect(html).toContain('<dt>Texte accepté</dt><dd><bdi>Je veux la lettre</bdi></dd>')
    expect(html).toContain('{&quot;agent&quot;:&quot;&lt;b&gt;&quot;}')
    expect(answer instanceof Response && answer.headers.get('content-security-policy')).toContain(
      "default-src 'none'",
    )
  })

  it('hands out nothing, and erases nothing, by GET', async () => {
    const before = await dump(mailshot)
    for (const what of ['do=export-json', 'do=erase-for-good', 'erase=1', 'erase=sure', 'data=1']) {
      expect(pageOf(await visit(get(`${own}?${what}`))).status).toBe(200)
    }
    expect(await dump(mailshot)).toEqual(before)
  })

  it('erases everything after a second question, and says so', async () => {
    const first = noticeOf(await visit(get(`${own}?erase=1`)))
    expect(first.paragraphs[0]).toContain('Zoe@example.org')
    const second = locationOf(await visit(post(own, first.form?.fields ?? {})))
    expect(second).toBe(`/mailshot/${own}?erase=sure`)
    const sure = noticeOf(await visit(get(`${own}?erase=sure`)))
    expect(sure.form?.isFinal).toBe(true)
    const erased = locationOf(await visit(post(own, sure.form?.fields ?? {})))
    expect(erased).toBe(`/mailshot/${own}?erased=1&lang=fr`)
    expect(await findSubscriber(mailshot, ask.email)).toBeUndefined()
    expect(JSON.stringify(await dump(mailshot))).not.toMatch(/zoe@|old@example/i)
    const done = await visit(get(`${own}?erased=1&lang=fr`, { 'accept-language': 'en' }))
    expect(noticeOf(done).heading).toBe('Tout est effacé')
    expect(pageOf(await visit(get(own))).status).toBe(410)
  })

  it('tells those to write who get no mail any more, unless they have a link that was just mailed', async () => {
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    const usually = noticeOf(await visit(get(usual)))
    expect(usually.paragraphs.at(-1)).toContain('Écrivez-nous, et nous nous en occuperons')
    expect(usually.links).toEqual([{ label: 'Nous écrire', href: 'mailto:redac@example.org' }])
    const { links } = noticeOf(await visit(get(own)))
    expect(links.at(-1)).toEqual({ label: 'Vos données', href: `/mailshot/${own}?data=1` })
    expect(pageOf(await visit(get(`${own}?data=1`))).view).toMatchObject({ kind: 'data' })
    const data = JSON.parse(await textOf(await visit(post(own, { do: 'export-json' }))))
    expect(data.suppressions).toMatchObject([{ reason: 'complaint' }])
    expect((await visit(post(own, { do: 'save' }))).status).toBe(403)
    await visit(post(own, { do: 'erase-for-good' }))
    expect(await findSubscriber(mailshot, ask.email)).toBeUndefined()
  })
})

describe('preferencesPage by the link of a newsletter, which may have been forwarded', () => {
  it('shows no data, and changes no address, but mails a link that does', async () => {
    const { view } = pageOf(await visit(get(`${usual}?data=1&erase=1`)))
    expect(view).toMatchObject({
      own: { isOpen: false, noMailbox: expect.stringContaining('de Zoe@example.org') },
    })
    const asked = locationOf(await visit(post(usual, { do: 'mail-link' })))
    expect(asked).toBe(`/mailshot/${usual}?mailed=1`)
    const { view: told } = pageOf(await visit(get(`${usual}?mailed=1`)))
    expect(told).toHaveProperty('done', expect.stringContaining('en route vers Zoe@example.org'))
    await visit(post(usual, { do: 'mail-link' }))
    const [letter, second] = await lettersOf(mailshot, 'links')
    expect([letter?.email, letter?.values['date'], second]).toEqual([
      'Zoe@example.org',
      '23 novembre 2026 à 13:00',
      undefined,
    ])
    const fresh = letter?.values['url']?.replace('https://example.org/mailshot/', '') ?? ''
    const { view: opened } = pageOf(await visit(get(fresh)))
    expect(opened).toMatchObject({ own: { isOpen: true } })
  })

  it('does nothing that a stale page asks for, and says how to go on', async () => {
    const before = await dump(mailshot)
    for (const what of ['export-json', 'export-html', 'erase', 'erase-for-good', 'change-address'])
      expect(await isRefused(usual, what)).toBe(true)
    mailshot.clock.advance(86_401_000)
    expect(await isRefused(own, 'erase-for-good')).toBe(true)
    expect(await dump(mailshot)).toEqual(before)
    const { view } = pageOf(await visit(get(own)))
    expect(view).toMatchObject({
      own: { isOpen: false },
      done: expect.stringContaining('était valable un jour'),
    })
  })

  it('opens no more by what was mailed to an address of before', async () => {
    await mailshot.db.write(sql`UPDATE subscribers SET email = 'new@example.net' WHERE id = ${zoe}`)
    expect(pageOf(await visit(get(own))).view).toMatchObject({ own: { isOpen: false } })
    expect(await isRefused(own, 'export-json')).toBe(true)
  })
})

async function isRefused(path: string, what: string): Promise<boolean> {
  const answer = await visit(post(path, { do: what, email: 'new@example.net' }))
  return locationOf(answer) === `/mailshot/${usual}?over=1`
}

async function visit(request: Request) {
  return preferencesPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}
