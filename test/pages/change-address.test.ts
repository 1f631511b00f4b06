import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { changeAddressPage } from '../../integrations/mailshot/pages/change-address.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { unsubscribePage } from '../../integrations/mailshot/pages/unsubscribe.ts'
import {
  confirm,
  findPerson,
  subscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { erase } from '../../integrations/mailshot/subscriber/erase.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { runningSend } from '../running-send.ts'
import { active, ask, freshPath, lettersOf } from '../subscriber/zoe.ts'
import { dump, get, head, locationOf, noticeOf, pageOf, post } from './visit.ts'

const day = 86_400_000
let mailshot: TestMailshot
let zoe: number

beforeEach(async () => {
  mailshot = await openTestMailshot()
  zoe = await active(mailshot)
})

describe('asking for another address', () => {
  it('mails the new one a link, and changes nothing yet', async () => {
    const asked = `/mailshot/${await freshPath(mailshot, zoe)}?asked=1`
    expect(await askFor(' New@Example.net ')).toBe(asked)
    expect(await lettersOf(mailshot, 'change-address')).toMatchObject([
      { email: 'New@example.net', lang: 'fr', values: { date: '29 novembre 2026' } },
    ])
    expect(await findPerson(mailshot, zoe)).toMatchObject({ email: 'zoe@example.org' })
    const { view } = pageOf(await preferences(get(await freshPath(mailshot, zoe))))
    expect(view).toHaveProperty('done', undefined)
  })

  it('answers alike whoever is known by it, and mails none that may get nothing', async () => {
    await subscribe(mailshot, { ...ask, email: 'known@example.net', confirmed: true })
    await suppress(mailshot, 'angry@example.net', { reason: 'complaint', actor: 'event' })
    const answers = [await askFor('known@example.net'), await askFor('angry@example.net')]
    const answer = expect.stringMatching(/^\/mailshot\/preferences\/[\w-]+\?asked=1$/)
    expect(answers).toEqual([answer, answer])
    const letters = await lettersOf(mailshot, 'change-address')
    expect(letters.map(({ email }) => email)).toEqual(['known@example.net'])
  })

  it('asks about a slip once, and takes either answer', async () => {
    const page = pageOf(await postAddress('new@gmial.com'))
    expect(page).toMatchObject({
      status: 422,
      view: {
        problems: [{ field: 'email', text: expect.stringContaining('new@gmail.com') }],
        own: { email: 'new@gmial.com', suggestion: 'new@gmail.com' },
      },
    })
    const asked = { 'asked-email': 'new@gmial.com' }
    for (const choice of ['new@gmail.com', 'new@gmial.com']) {
      await postAddress('new@gmial.com', { ...asked, 'email-choice': choice })
    }
    const letters = await lettersOf(mailshot, 'change-address')
    expect(letters.map(({ email }) => email)).toEqual(['new@gmail.com', 'new@gmial.com'])
  })

  it('takes no throw-away address where the site refuses those, and counts no mistake', async () => {
    mailshot = await openTestMailshot({
      abuse: { disposable: 'refuse', limits: { client: false, network: false, site: '1/hour' } },
    })
    zoe = await active(mailshot)
    const wrong = ['x@mailinator.com', 'x@gmial.com', 'zoe', '', 'zoe@example.org']
    for (const email of wrong) expect(await problemOf(email)).toMatch(/./)
    expect(await askFor('new@example.net')).toContain('?asked=1')
    expect(await postAddress('newer@example.net')).toHaveProperty('status', 429)
    expect(await lettersOf(mailshot, 'change-address')).toHaveLength(1)
  })

  it('says beside the field what is wrong', async () => {
    const wrong = ['', 'nobody', 'zoe@example.org']
    const problems = await Promise.all(wrong.map(async (email) => problemOf(email)))
    expect(problems).toEqual([
      'Indiquez votre adresse e-mail.',
      expect.stringContaining('Nous ne pouvons pas écrire à cette adresse'),
      'C’est l’adresse à laquelle nous écrivons déjà.',
    ])
  })

  it('mails no more than three a day, for a person and to an address', async () => {
    for (const email of ['a@example.net', 'b@example.net', 'c@example.net']) await askFor(email)
    expect(await problemOf('d@example.net')).toContain('assez pour aujourd’hui')
    mailshot.clock.advance(day)
    expect(await askFor('d@example.net')).toContain('asked')
  })
})

describe('changeAddressPage by GET', () => {
  it('asks by one button, names what will come, and changes nothing', async () => {
    const link = await linkFor('new@example.net')
    const before = await dump(mailshot)
    await visit(head(link))
    const notice = noticeOf(await visit(get(link)))
    expect(notice.form?.button).toBe('Oui, écrivez à cette adresse')
    expect(notice.paragraphs.join(' ')).toMatch(/recevra «\sHebdo\s» et «\sProduits\s»/)
    expect(JSON.stringify(notice)).not.toContain('zoe')
    expect(await dump(mailshot)).toEqual(before)
  })

  it('explains a link that is wrong, too old, or of an address that was given up', async () => {
    const first = await linkFor('first@example.net')
    mailshot.clock.advance(1)
    const second = await linkFor('second@example.net')
    const cut = second.slice(0, -2)
    mailshot.clock.advance(1)
    const stolen = `change-address/${signToken([testSecret], 'preferences', [zoe])}`
    const links = [first, second, cut, stolen, 'change-address/sample']
    const statuses = await Promise.all(
      links.map(async (link) => pageOf(await visit(get(link))).status),
    )
    expect(statuses).toEqual([410, 200, 404, 404, 200])
    mailshot.clock.advance(7 * day + 1000)
    expect(noticeOf(await visit(get(second))).heading).toBe('Ce lien a expiré')
  })
})

describe('changeAddressPage by its button', () => {
  it('writes to the new address from then on, and tells the old one', async () => {
    const link = await linkFor('New@example.net')
    expect(locationOf(await visit(post(link, {})))).toBe(`/mailshot/${link}`)
    expect(noticeOf(await visit(get(link))).paragraphs).toEqual([
      'Nous écrivons désormais à New@example.net.',
    ])
    expect(await findPerson(mailshot, zoe)).toMatchObject({
      email: 'new@example.net',
      written: 'New@example.net',
      name: 'Zoé',
      places: [{ status: 'active' }, { status: 'active' }],
    })
    const told = await lettersOf(mailshot, 'address-changed')
    expect(told).toMatchObject([{ email: 'Zoe@example.org', lang: 'fr' }])
  })

  it('is told to both in their language, with no word of anybody’s', async () => {
    await visit(post(await linkFor('new@example.net'), {}))
    const transport = memory()
    const site = { ...mailshot, config: { ...mailshot.config, mailer: transport } }
    await deliver(site, { untilDone: true })
    const asked = transport.sentTo('new@example.net')[0]
    expect(asked?.subject).toBe('Les Nouvelles\u00a0: est-ce votre nouvelle adresse\u202f?')
    expect(asked?.text).toMatch(
      /Oui, écrivez à cette adresse\u00a0:\nhttps:\/\/example\.org\/mailshot\/change-address\//,
    )
    expect(asked?.html).not.toMatch(/zo[eé]/i)
    const told = transport.sentTo('Zoe@example.org')[0]
    expect(told?.text).toContain('Écrivez-nous à redac@example.org')
    expect(told?.text).not.toContain('new@example.net')
  })

  it('waits for one more press where somebody signs up with the address in that moment', async () => {
    const link = await linkFor('other@example.net')
    const { write } = mailshot.db
    let isFirst = true
    const slow: TestMailshot['db']['write'] = async (...statements) => {
      if (isFirst) {
        isFirst = false
        await addOther({ lists: ['weekly'] })
      }
      return write(...statements)
    }
    const late = { ...mailshot, db: { ...mailshot.db, write: slow } }
    await changeAddressPage(late, post(link, {}), link.split('/')[1])
    expect(await findPerson(mailshot, zoe)).toMatchObject({ email: 'zoe@example.org' })
    expect(await lettersOf(mailshot, 'address-changed')).toEqual([])
    await visit(post(link, {}))
    expect(await findPerson(mailshot, zoe)).toMatchObject({ email: 'other@example.net' })
  })

  it('may be pressed twice, also much later', async () => {
    const link = await linkFor('new@example.net')
    await visit(post(link, {}))
    const before = await dump(mailshot)
    mailshot.clock.advance(30 * day)
    await visit(post(link, {}))
    expect(await dump(mailshot)).toEqual(before)
  })

  it('makes one of two who are known by both, and keeps what either is on', async () => {
    const other = await addOther({ lists: ['weekly'], name: 'Zozo', attributes: { plan: 'pro' } })
    await unsubscribe(mailshot, { subscriberId: zoe, lists: ['weekly'], reason: 'page' })
    await visit(post(await linkFor('other@example.net'), {}))
    expect(await findSubscriber(mailshot, 'other@example.net')).toMatchObject({
      id: zoe,
      name: 'Zoé',
      attributes: { city: 'Aix', plan: 'pro' },
      subscriptions: [
        { list: 'product', status: 'active' },
        { list: 'weekly', status: 'active' },
      ],
    })
    expect(await findSubscriber(mailshot, 'zoe@example.org')).toBeUndefined()
    expect(await findPerson(mailshot, other)).toMatchObject({ id: zoe })
    const consents = await mailshot.db.all(sql`SELECT DISTINCT subscriber_id AS id FROM consents`)
    expect(consents).toEqual([{ id: zoe }])
  })

  it('mails one of whom it made two in a running send once, and goes on to the address that is left', async () => {
    await addOther({ lists: ['weekly'] })
    const sendId = await runningSend(mailshot, ['weekly'])
    await visit(post(await linkFor('other@example.net'), {}))
    const rows = await mailshot.db.all(
      sql`SELECT email, subscriber_id AS id, status, reason FROM recipients WHERE send_id = ${sendId} ORDER BY email`,
    )
    expect(rows).toEqual([
      { email: 'other@example.net', id: zoe, status: 'pending', reason: null },
      { email: 'zoe@example.org', id: zoe, status: 'skipped', reason: 'merged' },
    ])
  })

  it('brings along what waits at an address that the other had before, and a break', async () => {
    const other = await addOther({ lists: ['weekly'] })
    await unsubscribe(mailshot, { subscriberId: zoe, lists: ['weekly'], reason: 'page' })
    const sendId = await runningSend(mailshot, ['weekly'])
    const pausedUntil = mailshot.now() + day
    await mailshot.db.write(
      sql`UPDATE subscribers SET email = 'third@example.net', written = 'third@example.net', paused_until = ${pausedUntil}
        WHERE id = ${other}`,
      sql`INSERT INTO audit (at, actor, action, subject, detail) VALUES (1, 'subscriber', 'change-address',
        ${`subscriber:${other}`}, '{"from":"other@example.net","to":"third@example.net"}')`,
    )
    await visit(post(await linkFor('third@example.net'), {}))
    const rows = await mailshot.db.all(
      sql`SELECT subscriber_id AS id, status FROM recipients WHERE send_id = ${sendId}`,
    )
    expect(rows).toEqual([{ id: zoe, status: 'pending' }])
    expect(await findPerson(mailshot, zoe)).toMatchObject({ pausedUntil })
    await erase(mailshot, zoe, 'subscriber')
    expect(JSON.stringify(await dump(mailshot))).not.toMatch(/other@|third@|zoe@/i)
  })

  it('goes on counting by name only whom the one who asked has let', async () => {
    const other = await addOther({ lists: ['weekly'] })
    await mailshot.db.write(
      sql`UPDATE subscribers SET tracking_agreed_at = 1 WHERE id = ${other}`,
      sql`INSERT INTO events (key, transport, type, word, at, received_at, email, raw)
        VALUES ('k', 'smtp', 'opened', 'open', 0, 0, 'other@example.net', '{}')`,
    )
    await visit(post(await linkFor('other@example.net'), {}))
    expect(await findPerson(mailshot, zoe)).toMatchObject({ isTracked: false })
    expect(await mailshot.db.all(sql`SELECT email FROM events`)).toEqual([{ email: null }])
  })

  it('keeps off a list whom either has left, rather than what the other only let lapse', async () => {
    const other = await addOther({ lists: ['product'] })
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed', active_at = NULL, ended_at = 2,
        end_reason = 'unconfirmed' WHERE subscriber_id = ${zoe} AND list_id = 'product'`,
      sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = 2, end_reason = 'page'
        WHERE subscriber_id = ${other}`,
    )
    await visit(post(await linkFor('other@example.net'), {}))
    const { subscriptions = [] } = (await findSubscriber(mailshot, 'other@example.net')) ?? {}
    expect(subscriptions).toMatchObject([
      { list: 'product', endReason: 'page' },
      { list: 'weekly' },
    ])
  })

  it('lets the links in the mails of both go on working', async () => {
    const other = await addOther({ lists: ['product'] })
    const sendId = await runningSend(mailshot, ['product'])
    await visit(post(await linkFor('other@example.net'), {}))
    const [row] = await mailshot.db.all<{ id: number; email: string }>(
      sql`SELECT id, email FROM recipients WHERE send_id = ${sendId} AND email = 'other@example.net'`,
    )
    const link = `unsubscribe/${signToken([testSecret], 'unsubscribe', [other, row?.id ?? 0])}`
    const body = { 'List-Unsubscribe': 'One-Click' }
    await unsubscribePage(mailshot, post(link, body), link.split('/')[1])
    expect(await findSubscriber(mailshot, 'other@example.net')).toMatchObject({
      subscriptions: [
        { list: 'product', status: 'unsubscribed', endReason: 'one-click' },
        { list: 'weekly', status: 'active' },
      ],
    })
    const page = signToken([testSecret], 'preferences', [other])
    const { view } = pageOf(await preferencesPage(mailshot, get(`preferences/${page}`), page))
    expect(view).toMatchObject({ name: 'Zoé', lists: [{ isChosen: true }, { isChosen: false }] })
  })

  it('leaves sends that have begun as they are, and what comes of the old address with the old', async () => {
    const sendId = await runningSend(mailshot, ['weekly'])
    await visit(post(await linkFor('new@example.net'), {}))
    const rows = await mailshot.db.all(
      sql`SELECT email, status FROM recipients WHERE send_id = ${sendId}`,
    )
    expect(rows).toEqual([{ email: 'zoe@example.org', status: 'pending' }])
    await suppress(mailshot, 'zoe@example.org', { reason: 'hard-bounce', actor: 'event' })
    expect(await findPerson(mailshot, zoe)).toMatchObject({ suppressed: null })
  })

  it('lifts what the owner of the new address may lift, and nothing else', async () => {
    await suppress(mailshot, 'left@example.net', { reason: 'unsubscribe', actor: 'page' })
    await visit(post(await linkFor('left@example.net'), {}))
    expect(await findPerson(mailshot, zoe)).toMatchObject({ suppressed: null })
    const link = await linkFor('angry@example.net')
    await suppress(mailshot, 'angry@example.net', { reason: 'complaint', actor: 'event' })
    expect(pageOf(await visit(post(link, {}))).status).toBe(403)
    expect(await findPerson(mailshot, zoe)).toMatchObject({ email: 'left@example.net' })
  })

  it('does not bring the old address back by a confirmation that waited there', async () => {
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'unsubscribed'`)
    await subscribe(mailshot, ask)
    const [letter] = await lettersOf(mailshot, 'confirmation')
    await visit(post(await linkFor('new@example.net'), {}))
    const token = letter?.values['url']?.split('/').at(-1) ?? ''
    expect(await confirm(mailshot, token)).toMatchObject({ status: 'confirmed' })
    expect(await findPerson(mailshot, zoe)).toMatchObject({ written: 'new@example.net' })
  })

  it('leaves nothing of the old address behind once the person is erased', async () => {
    await addOther({ lists: ['weekly'] })
    await visit(post(await linkFor('other@example.net'), {}))
    await erase(mailshot, zoe, 'subscriber')
    const left = JSON.stringify(await dump(mailshot)).toLowerCase()
    expect(left).not.toContain('zoe@')
    expect(left).not.toContain('other@example.net')
  })
})

async function preferences(request: Request) {
  return preferencesPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

async function askFor(email: string): Promise<string> {
  return locationOf(await postAddress(email))
}

async function problemOf(email: string): Promise<string | undefined> {
  const { status, view } = pageOf(await postAddress(email))
  if (status !== 422 || view.kind !== 'preferences') throw new Error(`no problem but ${status}`)
  return view.problems[0]?.text
}

async function postAddress(email: string, answer: Record<string, string> = {}) {
  const fields = { do: 'change-address', email, ...answer }
  return preferences(post(await freshPath(mailshot, zoe), fields))
}

async function linkFor(email: string): Promise<string> {
  await askFor(email)
  const letters = await lettersOf(mailshot, 'change-address')
  return letters.at(-1)?.values['url']?.replace('https://example.org/mailshot/', '') ?? ''
}

async function visit(request: Request) {
  return changeAddressPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

async function addOther(said: Partial<typeof ask>): Promise<number> {
  await subscribe(mailshot, { ...ask, ...said, email: 'other@example.net', confirmed: true })
  return (await findSubscriber(mailshot, 'other@example.net'))?.id ?? 0
}
