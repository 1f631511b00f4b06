import { readFileSync } from 'node:fs'
import { createClient } from '@libsql/client'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { findSuppression, suppress } from '../../integrations/mailshot/suppression.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { confirm, subscribe, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { askNewAddress } from '../../integrations/mailshot/subscriber/address.ts'
import { readPersonalData } from '../../integrations/mailshot/subscriber/data.ts'
import {
  erase,
  eraseAddress,
  finishErasures,
} from '../../integrations/mailshot/subscriber/erase.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign, startCampaign } from '../sent-campaign.ts'
import { eventOf, sentTo } from '../sent-mails.ts'
import { ask, confirmationToken } from './zoe.ts'

const zoe = 'Zoe.Quidam@Mail.example'
const files = { 'june.md': markdown('[read](https://one.example/?who={{ email }})') }

/** Somebody who has signed up, confirmed, got mails, and of whom much was reported. */
async function muchKnown() {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 2)
  const consent = { source: 'form' as const, form: '/', ip: '192.0.2.7', wording: 'I agree' }
  const asked = { email: zoe, name: 'Zoë Quidam', lang: 'en', lists: ['weekly'], consent }
  await subscribe(mailshot, { ...asked, attributes: { city: 'Quidamville' } })
  await deliver(mailshot, { untilDone: true })
  const [, token = ''] = /confirm\/([\w-]+)/.exec(transport.messages[0]?.text ?? '') ?? []
  await confirm(mailshot, token)
  await mailshot.db.write(
    sql`INSERT INTO former_ids (source, id, subscriber_id)
      SELECT 'spip', 'quidam7', id FROM subscribers WHERE email = ${zoe.toLowerCase()}`,
  )
  const { id: sendId } = await sendCampaign(mailshot, files, { onlyTo: zoe })
  const all = await sendCampaign(mailshot, { 'july.md': markdown('July') })
  await report(mailshot, sendId)
  return { mailshot, sendId: all.id, only: sendId }
}

async function report(mailshot: TestMailshot, sendId: string): Promise<void> {
  const email = zoe.toLowerCase()
  const [mail] = await mailshot.db.all<{ id: number }>(
    sql`SELECT id FROM recipients WHERE email = ${email} AND send_id <> ${sendId}`,
  )
  const [send] = await mailshot.db.all<{ id: string }>(
    sql`SELECT send_id AS id FROM recipients WHERE id = ${mail?.id}`,
  )
  const ourId = `${send?.id}.${mail?.id}`
  const at = mailshot.now()
  await recordEvents(mailshot, 'relay', [
    eventOf({ type: 'clicked', at, ourId, url: `https://one.example/?who=${zoe}` }),
    eventOf({ type: 'bounced', at, ourId, class: 'soft', reason: `550 <${zoe}> is full` }),
    eventOf({ type: 'complained', at, ourId, recipient: zoe, raw: { to: zoe } }),
    eventOf({ type: 'bounced', at, messageId: '<of@another>', raw: { about: zoe } }),
  ])
  await mailshot.db.write(
    sql`UPDATE sends SET reason = ${`blocked: 450 <${email}> busy`}, segment = ${`email is not ${zoe}`},
      exclude = ${JSON.stringify([`email = "${zoe}"`])} WHERE id = ${sendId}`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      VALUES (1, 'command', 'resend', 'send:x', ${JSON.stringify({ reason: `${email} asked` })})`,
  )
}

/** The rows of all tables, by their tables, in which one of these words stands. */
async function rowsWith({ db }: TestMailshot, words: string[]): Promise<Record<string, unknown>> {
  const tables = await db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'snapshots'`,
  )
  const found: Record<string, unknown> = {}
  for (const { name } of tables) {
    const rows = await db.all(sql`SELECT * FROM ${sql.raw(name)}`)
    const hits = rows.filter((row) => holds(JSON.stringify(row), words))
    if (hits.length > 0) found[name] = hits
  }
  return found
}

function holds(text: string, words: string[]): boolean {
  return words.some((word) => text.toLowerCase().includes(word.toLowerCase()))
}

async function idOf({ db }: TestMailshot, email: string): Promise<number> {
  const row = await db.get<{ id: number }>(sql`SELECT id FROM subscribers WHERE email = ${email}`)
  return row?.id ?? 0
}

async function moved(
  { db }: TestMailshot,
  id: number,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.write(
    sql`UPDATE subscribers SET email = ${to}, written = ${to} WHERE id = ${id}`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      VALUES (1, 'subscriber', 'change-address', ${`subscriber:${id}`}, ${JSON.stringify({ from, to })})`,
  )
}

describe('erase', () => {
  const words = ['quidam', '192.0.2.7']

  it('leaves the address and the name in no table and no file, and the statistics as they were', async () => {
    const { mailshot, sendId } = await muchKnown()
    const before = await readStatistics(mailshot, sendId)
    const known = Object.keys(await rowsWith(mailshot, words))
    expect(known).toEqual(
      expect.arrayContaining(['audit', 'events', 'letters', 'recipients', 'sends', 'suppressions']),
    )
    const id = await idOf(mailshot, zoe.toLowerCase())
    expect(await erase(mailshot, id, 'subscriber')).toEqual({ status: 'erased' })
    expect(await rowsWith(mailshot, words)).toEqual({})
    const path = mailshot.db.url.replace('file:', '')
    for (const file of [path, `${path}-wal`]) {
      expect(holds(readFileSync(file, 'latin1'), words)).toBe(false)
    }
    const links = before.links.map(({ clicks }) => ({ clicks, url: expect.any(String) }))
    expect(await readStatistics(mailshot, sendId)).toEqual({ ...before, links })
  })

  it('clears the write-ahead log as soon as nobody reads in it any more', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    const reader = createClient({ url: mailshot.db.url })
    const reading = await reader.transaction('read')
    await reading.execute('SELECT * FROM subscribers')
    await erase(mailshot, 1, 'subscriber')
    const log = `${mailshot.db.url.replace('file:', '')}-wal`
    expect(holds(readFileSync(log, 'latin1'), ['reader1@'])).toBe(true)
    reading.close()
    reader.close()
    await finishErasures(mailshot)
    expect(holds(readFileSync(log, 'latin1'), ['reader1@'])).toBe(false)
  })

  it('keeps a hash by which the address still gets nothing, and a line without it', async () => {
    const { mailshot } = await muchKnown()
    const id = await idOf(mailshot, zoe.toLowerCase())
    await erase(mailshot, id, 'command')
    expect(await findSuppression(mailshot, zoe)).toMatchObject({ reason: 'complaint', note: null })
    const lines = await mailshot.db.all(
      sql`SELECT actor, action, subject, detail FROM audit WHERE subject = ${`subscriber:${id}`}`,
    )
    expect(lines).toEqual([
      { actor: 'command', action: 'erase', subject: `subscriber:${id}`, detail: '{}' },
    ])
    expect(await erase(mailshot, id, 'command')).toEqual({ status: 'unknown' })
  })

  it('keeps a hash also of who was active, and of their address of before, and gives the number to nobody else', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const id = await idOf(mailshot, 'reader2@example.net')
    await moved(mailshot, id, { from: 'old2@example.net', to: 'reader2@example.net' })
    await askNewAddress(mailshot, { subscriberId: id, email: 'else@example.net' })
    await erase(mailshot, id, 'subscriber')
    expect(await rowsWith(mailshot, ['reader2', 'old2'])).toEqual({})
    const left = { reason: 'unsubscribe', note: null }
    expect(await findSuppression(mailshot, 'reader2@example.net')).toMatchObject(left)
    expect(await findSuppression(mailshot, 'old2@example.net')).toMatchObject(left)
    expect(await findSuppression(mailshot, 'else@example.net')).toBeUndefined()
    await addReaders(mailshot, 1, { from: 3 })
    expect(await idOf(mailshot, 'reader3@example.net')).toBeGreaterThan(id)
  })

  it('lets whoever was erased sign up again by their own confirmation, and nobody vouch for them', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, confirmed: true })
    await erase(mailshot, await idOf(mailshot, 'zoe@example.org'), 'subscriber')
    mailshot.clock.advance(1)
    expect(await subscribe(mailshot, { ...ask, confirmed: true })).toEqual({
      status: 'suppressed',
      reason: 'unsubscribe',
    })
    expect(await subscribe(mailshot, ask)).toMatchObject({ status: 'asked' })
    expect(await confirm(mailshot, await confirmationToken(mailshot))).toMatchObject({
      status: 'confirmed',
    })
    expect(await findSuppression(mailshot, ask.email)).toBeUndefined()
  })

  it('finds what was sent to an address of before', async () => {
    const { mailshot } = await sentTo(1)
    const id = await idOf(mailshot, 'reader1@example.net')
    await moved(mailshot, id, { from: 'reader1@example.net', to: 'new@example.net' })
    await erase(mailshot, id, 'subscriber')
    expect(await rowsWith(mailshot, ['reader1', 'new@example.net'])).toEqual({})
  })

  it('leaves to another reader what is known of an address that is theirs by now', async () => {
    const { mailshot, mails, sendId } = await sentTo(1)
    const id = await idOf(mailshot, 'reader1@example.net')
    await moved(mailshot, id, { from: 'reader1@example.net', to: 'new@example.net' })
    await addReaders(mailshot, 1)
    const first = { type: 'bounced', class: 'hard', reason: 'of the first' } as const
    await recordEvents(mailshot, 'relay', [eventOf({ ...first, ourId: mails[0].ourId })])
    await mailshot.db.write(
      sql`INSERT INTO events (key, transport, type, word, at, received_at, email, reason, raw)
        VALUES ('k', 'relay', 'bounced', 'hard', 0, 0, 'reader1@example.net', 'of the second', '{}')`,
    )
    await suppress(mailshot, 'reader1@example.net', { reason: 'manual', actor: 'test' })
    const data = await readPersonalData(mailshot, id)
    expect(data?.events.map(({ reason }) => reason)).toEqual(['of the first'])
    expect([data?.suppressions, data?.mails.length]).toEqual([[], 1])
    await erase(mailshot, id, 'subscriber')
    expect(await mailshot.db.all(sql`SELECT email, reason FROM suppressions`)).toEqual([
      { email: 'reader1@example.net', reason: 'manual' },
    ])
    expect(await mailshot.db.all(sql`SELECT reason FROM events`)).toEqual([
      { reason: 'of the second' },
    ])
    const left = sql`SELECT 1 FROM recipients WHERE send_id = ${sendId}`
    expect(await mailshot.db.all(left)).toEqual([])
  })

  it('takes the address out of what another reader asked for who wanted it to be theirs', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const [one, two] = [
      await idOf(mailshot, 'reader1@example.net'),
      await idOf(mailshot, 'reader2@example.net'),
    ]
    await askNewAddress(mailshot, { subscriberId: one, email: 'Reader2@example.net' })
    expect((await readPersonalData(mailshot, two))?.letters).toMatchObject([
      { kind: 'change-address', email: 'Reader2@example.net' },
    ])
    await erase(mailshot, two, 'subscriber')
    expect(await rowsWith(mailshot, ['reader2'])).toEqual({})
  })

  it('takes what was reported of an address that they asked for, and never confirmed', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const id = await idOf(mailshot, 'reader1@example.net')
    await askNewAddress(mailshot, { subscriberId: id, email: 'Wrong@example.com' })
    await askNewAddress(mailshot, { subscriberId: id, email: 'reader2@example.net' })
    const ours = sql`SELECT id, created_at AS at FROM letters`
    const letters = await mailshot.db.all<{ id: number; at: number }>(ours)
    const bounces = letters.map(({ id: letter, at }) =>
      eventOf({ type: 'bounced', class: 'hard', ourId: `letter.${letter}.${at.toString(36)}` }),
    )
    await recordEvents(mailshot, 'relay', bounces)
    await suppress(mailshot, 'wrong@example.com', { reason: 'manual', actor: 'command' })
    expect(Object.keys(await rowsWith(mailshot, ['wrong@']))).toContain('events')
    await erase(mailshot, id, 'subscriber')
    expect(await rowsWith(mailshot, ['wrong@'])).toEqual({})
    expect(await findSuppression(mailshot, 'wrong@example.com')).toMatchObject({ note: null })
    expect(await idOf(mailshot, 'reader2@example.net')).toBeGreaterThan(id)
  })

  it('skips whoever waits in a send, which still ends with all accounted for', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await addReaders(mailshot, 3)
    const send = await startCampaign(mailshot, files)
    while (await tendSends(mailshot, () => 'ready'));
    await erase(mailshot, await idOf(mailshot, 'reader2@example.net'), 'subscriber')
    await deliver(mailshot, { untilDone: true })
    expect(await readStatistics(mailshot, send.id)).toMatchObject({
      status: 'done',
      recipients: { total: 3, sent: 2, skipped: 1 },
    })
    const mailed = transport.messages.map(({ to }) => to.address.toLowerCase())
    expect(mailed).not.toContain('reader2@example.net')
  })

  it('waits for what is in hand, and takes then what that left', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { id: recipientId, email } = mails[0]
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'in-hand', worker_id = 'w', settled_at = NULL WHERE id = ${recipientId}`,
    )
    expect(await erase(mailshot, await idOf(mailshot, email), 'subscriber')).toEqual({
      status: 'in-hand',
    })
    await tendSends(mailshot, () => 'ready')
    expect(Object.keys(await rowsWith(mailshot, [email])).toSorted()).toEqual([
      'erasures',
      'recipients',
    ])
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'uncertain', settled_at = 1 WHERE id = ${recipientId}`,
    )
    await tendSends(mailshot, () => 'ready')
    expect(await rowsWith(mailshot, [email])).toEqual({})
  })

  it('keeps the name off what is reported later, and counts it', async () => {
    const { mailshot, mails, sendId } = await sentTo(1)
    const { email, ourId } = mails[0]
    await erase(mailshot, await idOf(mailshot, email), 'subscriber')
    await recordEvents(mailshot, 'relay', [
      eventOf({ type: 'complained', ourId, recipient: email, raw: { to: email } }),
    ])
    expect(await rowsWith(mailshot, [email])).toEqual({})
    const counted = await mailshot.db.all(
      sql`SELECT key, n FROM send_counts WHERE send_id = ${sendId} AND kind = 'events'`,
    )
    expect(counted).toEqual([{ key: 'complained', n: 1 }])
  })

  it('forgets who had left everything, but that they did', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    const subscriberId = await idOf(mailshot, 'reader1@example.net')
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    await erase(mailshot, subscriberId, 'mailshot')
    expect(await rowsWith(mailshot, ['reader1'])).toEqual({})
    expect(await findSuppression(mailshot, 'reader1@example.net')).toMatchObject({
      reason: 'unsubscribe',
    })
  })
})

describe('eraseAddress', () => {
  it('takes what there is about an address that nobody here has', async () => {
    const mailshot = await openTestMailshot()
    const email = 'nobody@example.com'
    await recordEvents(mailshot, 'relay', [eventOf({ type: 'bounced', recipient: email })])
    await eraseAddress(mailshot, 'Nobody@example.com', 'command')
    expect(await rowsWith(mailshot, [email])).toEqual({})
    expect(await findAudit(mailshot, 'address')).toMatchObject([
      { actor: 'command', action: 'erase' },
    ])
  })
})
