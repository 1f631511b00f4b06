import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { countForgettable } from '../../integrations/mailshot/privacy/forget.ts'
import { forget, tendPrivacy } from '../../integrations/mailshot/privacy/tend.ts'
import { confirm, subscribe, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { syncList } from '../../integrations/mailshot/list/sync.ts'
import { jsonl } from '../../integrations/mailshot/sources/jsonl.ts'
import { findSuppression, lift, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { rowsFrom } from '../import/state.ts'
import { addReaders } from '../people.ts'
import { bytesOf } from '../sources/table-rows.ts'
import { ask, confirmationToken, lettersOf, placesOf, recordOf } from '../subscriber/zoe.ts'

const day = 86_400_000
const by = { actor: 'test' }

async function addresses({ db }: TestMailshot): Promise<string[]> {
  const rows = await db.all<{ email: string }>(sql`SELECT email FROM subscribers ORDER BY id`)
  return rows.map(({ email }) => email)
}

describe('forget', () => {
  it('erases who has not confirmed after so many days, and nobody else', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    await addReaders(mailshot, 1)
    mailshot.clock.advance(30 * day - 1)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0, isDone: true })
    mailshot.clock.advance(2)
    expect(await countForgettable(mailshot)).toEqual({ unconfirmed: 1, left: 0 })
    expect(await forget(mailshot, by)).toMatchObject({ people: 1, isDone: true })
    expect(await addresses(mailshot)).toEqual(['reader1@example.net'])
    expect(await mailshot.db.all(sql`SELECT 1 FROM consents UNION SELECT 1 FROM letters`)).toEqual(
      [],
    )
  })

  it('begins the days anew for who asks again, whose link works', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    mailshot.clock.advance(29 * day)
    await subscribe(mailshot, ask)
    mailshot.clock.advance(10 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0 })
    expect(await confirm(mailshot, await confirmationToken(mailshot))).toMatchObject({
      status: 'confirmed',
    })
  })

  it('ends what was never confirmed of somebody who is on another list', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'], confirmed: true })
    await subscribe(mailshot, { ...ask, lists: ['product'] })
    mailshot.clock.advance(31 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0, asks: 1 })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'unsubscribed' })
    expect((await recordOf(mailshot))?.consents.map(({ list }) => list)).toEqual(['weekly'])
  })

  it('erases who never confirmed, though the ask ended, or was never written', async () => {
    const mailshot = await openTestMailshot()
    const asking = (email: string) => subscribe(mailshot, { ...ask, email })
    const ends = ['operator@example.org', 'left@example.org', 'kept@example.org']
    for (const email of [...ends, 'lone@example.org']) await asking(email)
    const leave = (subscriberId: number, lists: 'all' | string[], reason: string) =>
      unsubscribe(mailshot, { subscriberId, lists, reason })
    await leave(1, ['weekly', 'product'], 'operator')
    await leave(2, 'all', 'page')
    const [, , asked] = await lettersOf(mailshot, 'confirmation')
    await confirm(mailshot, asked?.values['url']?.split('/').at(-1) ?? '')
    await leave(3, 'all', 'page')
    // What is left where the process is killed between the person and the ask.
    await mailshot.db.write(
      ...['subscriptions', 'consents', 'letters'].map(
        (table) => sql`DELETE FROM ${sql.raw(table)} WHERE subscriber_id = 4`,
      ),
      sql`DELETE FROM audit WHERE subject = 'subscriber:4'`,
    )
    mailshot.clock.advance(30 * day - 1)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0 })
    mailshot.clock.advance(2)
    expect(await countForgettable(mailshot)).toEqual({ unconfirmed: 3, left: 0 })
    expect(await forget(mailshot, by)).toMatchObject({ people: 3 })
    expect(await addresses(mailshot)).toEqual(['kept@example.org'])
    expect((await findSuppression(mailshot, 'left@example.org'))?.reason).toBe('unsubscribe')
  })

  it('erases who asked for one list after the other, once the last ask is old', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    mailshot.clock.advance(20 * day)
    await subscribe(mailshot, { ...ask, lists: ['product'] })
    mailshot.clock.advance(15 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0, asks: 1 })
    mailshot.clock.advance(16 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 1 })
  })

  it('keeps who came by an import, a function, the operator or single opt-in, wherever they are by now', async () => {
    const members = () => [{ email: 'sync@example.org' }]
    const mailshot = await openTestMailshot({
      lists: {
        weekly: { title: 'Weekly', doubleOptIn: false },
        staff: { title: 'Staff', privateTitle: 'Staff', members },
      },
      privacy: { keepAuditMonths: 1 },
    })
    const rows = [
      { email: 'active@example.org', lists: ['weekly'] },
      { email: 'gone@example.org', lists: ['weekly'], status: 'unsubscribed' },
      { email: 'alone@example.org', subscriptions: [], createdAt: '2020-01-01T00:00:00Z' },
      { email: 'barred@example.org', subscriptions: [], suppressed: 'manual' },
    ]
    const text = rows.map((row) => JSON.stringify(row)).join('\n')
    await importSubscribers(mailshot, jsonl(bytesOf(text)), by)
    await syncList(mailshot, 'staff', by)
    const one = { lists: ['weekly'], consent: { source: 'form' as const } }
    await subscribe(mailshot, { ...one, email: 'single@example.org' })
    const added = { ...one, confirmed: true }
    await subscribe(mailshot, { ...added, email: 'api@example.org', consent: { source: 'api' } })
    await subscribe(mailshot, {
      ...added,
      email: 'cli@example.org',
      consent: { source: 'command' },
    })
    const all = await addresses(mailshot)
    expect(all).toHaveLength(8)
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = 1, end_reason = 'operator'`,
    )
    mailshot.clock.advance(1000 * day)
    expect(await countForgettable(mailshot)).toEqual({ unconfirmed: 0, left: 0 })
    expect(await forget(mailshot, by)).toMatchObject({ people: 0 })
    expect(await forget(mailshot, by)).toMatchObject({ people: 0 })
    expect(await addresses(mailshot)).toEqual(all)
  })

  it('keeps everybody where the settings say so', async () => {
    const mailshot = await openTestMailshot({ privacy: { keepUnconfirmedDays: false } })
    await subscribe(mailshot, ask)
    mailshot.clock.advance(1000 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 0 })
  })

  it('reduces who left every list so many months ago to what suppression needs', async () => {
    const mailshot = await openTestMailshot({ privacy: { keepLeftMonths: 6 } })
    await addReaders(mailshot, 12)
    for (const subscriberId of [1, 2]) {
      await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    }
    mailshot.clock.advance(100 * day)
    await unsubscribe(mailshot, { subscriberId: 3, lists: 'all', reason: 'page' })
    mailshot.clock.advance(100 * day)
    expect(await countForgettable(mailshot)).toEqual({ unconfirmed: 0, left: 2 })
    expect(await forget(mailshot, by)).toMatchObject({ people: 2 })
    expect((await addresses(mailshot))[0]).toBe('reader3@example.net')
    const found = await findSuppression(mailshot, 'reader1@example.net')
    expect(found?.reason).toBe('unsubscribe')
    expect(await mailshot.db.all(sql`SELECT email FROM suppressions`)).toEqual([
      { email: 'reader3@example.net' },
    ])
  })

  it('keeps out of imports who left one list, and not who was only not answered any more, or never confirmed', async () => {
    const mailshot = await openTestMailshot({ privacy: { keepLeftMonths: 6 } })
    await addReaders(mailshot, 2)
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'one-click' })
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed', end_reason = 'synced' WHERE subscriber_id = 2`,
    )
    await subscribe(mailshot, ask)
    mailshot.clock.advance(200 * day)
    expect(await forget(mailshot, by)).toMatchObject({ people: 3 })
    const rows = ['reader1@example.net', 'reader2@example.net', ask.email].map((email) => ({
      email,
      lists: ['weekly'],
    }))
    expect(await importSubscribers(mailshot, rowsFrom(rows), by)).toMatchObject({
      created: 2,
      skipped: { suppressed: 1 },
    })
    expect(await addresses(mailshot)).toEqual(['reader2@example.net', 'zoe@example.org'])
  })

  it('lets lines of the audit and settled letters go, but what mails depend on', async () => {
    const mailshot = await openTestMailshot({
      privacy: { keepAuditMonths: 6, keepUnconfirmedDays: false },
      keepDetails: { months: 6 },
    })
    await subscribe(mailshot, ask)
    await suppress(mailshot, 'x@example.org', { reason: 'manual', actor: 'test' })
    await lift(mailshot, 'x@example.org', { actor: 'test' })
    await mailshot.db.write(sql`UPDATE letters SET status = 'sent', settled_at = created_at`)
    mailshot.clock.advance(200 * day)
    await suppress(mailshot, 'y@example.org', { reason: 'manual', actor: 'test' })
    expect(await forget(mailshot, by)).toMatchObject({ letters: 1, audit: 2 })
    const lines = await mailshot.db.all(sql`SELECT action, subject FROM audit ORDER BY id`)
    expect(lines).toEqual([
      { action: 'lift', subject: 'address:x@example.org' },
      { action: 'suppress', subject: 'address:y@example.org' },
      { action: 'forget', subject: 'letters' },
      { action: 'forget', subject: 'audit' },
    ])
  })
})

describe('tendPrivacy', () => {
  it('does a slice at each call, and walks again the next day', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    mailshot.clock.advance(29 * day)
    for (let call = 0; call < 3; call += 1) await tendPrivacy(mailshot)
    mailshot.clock.advance(2 * day)
    await tendPrivacy(mailshot)
    expect(await addresses(mailshot)).toEqual([])
  })
})

describe('docs/privacy.md', () => {
  it('says of every table what it holds of people', async () => {
    const { db } = await openTestMailshot()
    const tables = await db.all<{ name: string }>(
      sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
    )
    const said = readFileSync(join(import.meta.dirname, '../../docs/privacy.md'), 'utf8')
    expect(tables.length).toBeGreaterThan(20)
    expect(tables.filter(({ name }) => !said.includes(`\`${name}\``))).toEqual([])
  })
})
