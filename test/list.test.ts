import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../integrations/mailshot/audit.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { audienceOf, listSummary, mirrorLists, titlesOf } from '../integrations/mailshot/list.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { cancelSend, readSend } from '../integrations/mailshot/send.ts'
import { resend } from '../integrations/mailshot/send/resend.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { openTestMailshot, testConfig } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { runningSend } from './running-send.ts'
import { startFixture } from './start-fixture.ts'

describe('mirrorLists', () => {
  it('leaves the people of a renamed list where they are while a send to it is open', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2, { list: 'product' })
    const sendId = await runningSend(mailshot, ['product'])
    const { product, ...rest } = mailshot.config.lists
    if (!product) throw new Error('the test config has a list product')
    const lists = { ...rest, news: { ...product, formerly: 'product' } }
    const renamed = { ...mailshot, config: { ...mailshot.config, lists } }
    await mirrorLists(renamed)
    expect(await audienceOf(renamed, ['product'])).toBe(2)
    await cancelSend(mailshot, sendId, { actor: 'test' })
    await mirrorLists(renamed)
    expect(await audienceOf(renamed, ['news'])).toBe(2)
  })

  it('takes a planned send along where its list is renamed, and those who join until it starts', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2, { list: 'product' })
    const { send } = await startFixture(mailshot, 'hello', {
      lists: ['product', 'weekly'],
      at: mailshot.now() + 3_600_000,
    })
    const { product, ...rest } = mailshot.config.lists
    if (!product) throw new Error('the test config has a list product')
    const lists = { ...rest, news: { ...product, formerly: 'product' } }
    const renamed = { ...mailshot, config: { ...mailshot.config, lists } }
    await mirrorLists(renamed)
    await addReaders(mailshot, 1, { from: 3, list: 'news' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ lists: ['news', 'weekly'] })
    mailshot.clock.advance(3_600_000)
    while (await tendSends(renamed, () => 'ready'));
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'running', total: 3 })
  })

  it('renames a list as soon as the last send to it has ended', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2, { list: 'product' })
    const { send } = await startFixture(mailshot, 'hello', { lists: ['product'] })
    await tendSends(mailshot, () => 'ready')
    const { product, ...rest } = mailshot.config.lists
    if (!product) throw new Error('the test config has a list product')
    const lists = { ...rest, news: { ...product, formerly: 'product' } }
    const renamed = { ...mailshot, config: { ...mailshot.config, lists } }
    await mirrorLists(renamed)
    expect(await audienceOf(renamed, ['news'])).toBe(0)
    await mailshot.db.write(
      sql`INSERT INTO reconsents (send_id, list_id, days, actor, at) VALUES (${send.id}, 'product', 30, 'test', ${mailshot.now()})`,
    )
    await deliver(renamed, { untilDone: true })
    expect(await mailshot.db.all(sql`SELECT list_id AS list FROM reconsents`)).toEqual([
      { list: 'news' },
    ])
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 2 })
    expect(await audienceOf(renamed, ['news'])).toBe(2)
    const again = { emails: ['reader1@example.net'], again: true }
    await resend(renamed, send.id, { choice: again, actor: 'test' })
    await deliver(renamed, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 2, skipped: 0 })
  })

  it('adds the lists of the config', async () => {
    const mailshot = await openTestMailshot()
    expect(await listSummary(mailshot)).toEqual([
      { ...nobody, id: 'weekly', title: { fr: 'Hebdo', en: 'Weekly' } },
      { ...nobody, id: 'product', title: { fr: 'Produits', en: 'Products' } },
    ])
  })

  it('tells the operator the private title, and hides an automatic list from readers unless told', async () => {
    const mailshot = await openTestMailshot({
      lists: {
        weekly: { title: 'Weekly', privateTitle: 'W (old template)' },
        staff: { title: 'Staff', members: () => [] },
        board: { title: 'Board', members: () => [], public: true },
      },
    })
    expect(await listSummary(mailshot)).toMatchObject([
      { id: 'weekly', title: 'Weekly', privateTitle: 'W (old template)', public: true },
      { id: 'staff', automatic: true, public: false },
      { id: 'board', automatic: true, public: true },
    ])
  })

  it('takes over a new title and a new visibility', async () => {
    const mailshot = await openTestMailshot()
    await mirrorLists(withLists(mailshot, { weekly: { title: 'News', public: false } }))
    expect((await listSummary(mailshot))[0]).toMatchObject({ title: 'News', public: false })
  })

  it('closes a list that vanished, keeps its people, and opens it when it is back', async () => {
    const mailshot = await openTestMailshot()
    await place(mailshot, 'zoe', { product: 'active' })
    await mirrorLists(withLists(mailshot, { weekly }))
    expect(await listSummary(mailshot)).toMatchObject([
      { id: 'weekly', status: 'open' },
      { id: 'product', status: 'closed', active: 1 },
    ])
    await mirrorLists(mailshot)
    expect((await listSummary(mailshot))[1]).toMatchObject({ status: 'open', active: 1 })
  })

  it('moves the people and consents of a renamed list, and says so once', async () => {
    const mailshot = await openTestMailshot()
    await place(mailshot, 'zoe', { weekly: 'active' })
    await place(mailshot, 'ada', { weekly: 'unsubscribed' })
    const renamed = withLists(mailshot, { news: { ...weekly, formerly: 'weekly' } })
    await mirrorLists(renamed)
    await mirrorLists(renamed)
    expect(await placesOf(mailshot)).toEqual(['ada news unsubscribed', 'zoe news active'])
    expect(await mailshot.db.all(sql`SELECT DISTINCT list_id FROM consents`)).toEqual([
      { list_id: 'news' },
    ])
    expect(await findAudit(mailshot, 'list:news')).toMatchObject([
      { actor: 'config', action: 'rename', detail: { formerly: 'weekly' } },
    ])
  })

  it('does not bring back who left the new list, and confirms who was active on the former', async () => {
    const mailshot = await openTestMailshot()
    await place(mailshot, 'left', { weekly: 'active', product: 'unsubscribed' })
    await place(mailshot, 'asked', { weekly: 'active', product: 'pending' })
    await place(mailshot, 'stayed', { weekly: 'unsubscribed', product: 'active' })
    await mirrorLists(withLists(mailshot, { product: { ...weekly, formerly: 'weekly' } }))
    expect(await placesOf(mailshot)).toEqual([
      'asked product active',
      'left product unsubscribed',
      'stayed product active',
    ])
  })

  it('refuses a former id that is still a list, or that two lists name', async () => {
    const mailshot = await openTestMailshot()
    await expect(
      mirrorLists(withLists(mailshot, { weekly, news: { ...weekly, formerly: 'weekly' } })),
    ).rejects.toThrow('lists.news.formerly names "weekly", which is still a list')
    await expect(
      mirrorLists(
        withLists(mailshot, {
          news: { ...weekly, formerly: 'weekly' },
          letter: { ...weekly, formerly: 'weekly' },
        }),
      ),
    ).rejects.toThrow('whose people another list takes over already')
  })
})

describe('listSummary', () => {
  it('counts the people of each list by what they get', async () => {
    const mailshot = await openTestMailshot()
    await place(mailshot, 'zoe', { weekly: 'active', product: 'pending' })
    await place(mailshot, 'ada', { weekly: 'unsubscribed' })
    await place(mailshot, 'bob', { weekly: 'active' })
    await suppressed(mailshot, 'bob')
    expect(await listSummary(mailshot)).toMatchObject([
      { id: 'weekly', active: 1, suppressed: 1, pending: 0, unsubscribed: 1 },
      { id: 'product', active: 0, suppressed: 0, pending: 1, unsubscribed: 0 },
    ])
  })
})

describe('audienceOf', () => {
  it('counts a person on two lists once, and nobody suppressed', async () => {
    const mailshot = await openTestMailshot()
    await place(mailshot, 'zoe', { weekly: 'active', product: 'active' })
    await place(mailshot, 'ada', { product: 'active', weekly: 'unsubscribed' })
    await place(mailshot, 'bob', { product: 'active' })
    await place(mailshot, 'eve', { product: 'pending' })
    await suppressed(mailshot, 'bob')
    expect(await audienceOf(mailshot, ['weekly', 'product'])).toBe(2)
    expect(await audienceOf(mailshot, ['weekly'])).toBe(1)
    expect(await audienceOf(mailshot, [])).toBe(0)
  })
})

describe('titlesOf', () => {
  it('joins the titles as the language does, and falls back to that of the site', async () => {
    const { config } = await openTestMailshot()
    const [weekly, product] = ['weekly', 'product'].map((id) => ({
      title: config.lists[id]?.title ?? '',
    }))
    if (!weekly || !product) throw new Error('the test config has two lists')
    expect(titlesOf(config, [weekly, product], 'fr')).toBe('Hebdo et Produits')
    expect(titlesOf(config, [weekly, product], 'en')).toBe('Weekly and Products')
    expect(titlesOf(config, [weekly], 'de')).toBe('Hebdo')
  })
})

const weekly = { title: 'Weekly' }
const nobody = {
  status: 'open',
  public: true,
  privateTitle: null,
  automatic: false,
  syncedAt: null,
  syncFault: null,
  active: 0,
  suppressed: 0,
  pending: 0,
  unsubscribed: 0,
}

function withLists(mailshot: Mailshot, lists: MailshotConfigInput['lists']): Mailshot {
  return { ...mailshot, config: testConfig({ lists }, '/unused') }
}

async function place(mailshot: Mailshot, name: string, lists: Record<string, string>) {
  const person = sql`(SELECT id FROM subscribers WHERE name = ${name})`
  await mailshot.db.write(
    sql`INSERT INTO subscribers (email, written, name, created_at, updated_at)
        VALUES (${`${name}@example.org`}, ${`${name}@example.org`}, ${name}, 1, 1)`,
    ...Object.entries(lists).flatMap(([list, status]) => [
      sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at)
          VALUES (${person}, ${list}, ${status}, 1)`,
      sql`INSERT INTO consents (subscriber_id, list_id, at, source)
          VALUES (${person}, ${list}, 1, 'form')`,
    ]),
  )
}

async function suppressed(mailshot: Mailshot, name: string) {
  await mailshot.db.write(
    sql`INSERT INTO suppressions (email, reason, at) VALUES (${`${name}@example.org`}, 'manual', 1)`,
  )
}

async function placesOf(mailshot: Mailshot): Promise<string[]> {
  const rows = await mailshot.db.all<{ place: string }>(sql`
    SELECT p.name || ' ' || s.list_id || ' ' || s.status AS place
    FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id ORDER BY place`)
  return rows.map((row) => row.place)
}
