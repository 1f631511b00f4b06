import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { startFixture } from '../start-fixture.ts'
import { active, ask } from '../subscriber/zoe.ts'
import { dump, get, locationOf, noticeOf, pageOf, post, textOf } from './visit.ts'

let mailshot: TestMailshot
let own: string

// Zoé was sent a mail, has opened it, and had another address before.
beforeEach(async () => {
  mailshot = await openTestMailshot()
  const zoe = await active(mailshot)
  own = `preferences/${signToken([testSecret], 'preferences', [zoe])}`
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
    const answer = await visit(post(own, { do: 'export-html' }))
    const html = await textOf(answer)
    expect(html).toContain('<html lang="fr" dir="ltr">')
    expect(html).toContain('<dt>État</dt><dd>envoyé</dd>')
    expect(html).toContain('<dt>Texte accepté</dt><dd>Je veux la lettre</dd>')
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
    expect(erased).toBe(`/mailshot/${own}?erased=1`)
    expect(await findSubscriber(mailshot, ask.email)).toBeUndefined()
    expect(JSON.stringify(await dump(mailshot))).not.toMatch(/zoe@|old@example/i)
    const done = await visit(get(`${own}?erased=1`, { 'accept-language': 'fr' }))
    expect(noticeOf(done).heading).toBe('Tout est effacé')
    expect(pageOf(await visit(get(own))).status).toBe(410)
  })

  it('lets those see and erase it who get no mail any more', async () => {
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
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

async function visit(request: Request) {
  return preferencesPage(mailshot, request, own.split('/')[1])
}
