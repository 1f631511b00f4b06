import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import {
  claimRecipients,
  listRecipients,
  settleStatements,
} from '../integrations/mailshot/recipient.ts'
import { settlementOf } from '../integrations/mailshot/recipient/settlement.ts'
import { laneOf } from '../integrations/mailshot/pace.ts'
import { cancelSend, pauseSend, resumeSend } from '../integrations/mailshot/send.ts'
import type { Outcome } from '../integrations/mailshot/transport.ts'
import { enlistWorker, recoverDeadWorkers, renewLease } from '../integrations/mailshot/worker.ts'
import { markRecipients } from './mark-recipients.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { runningSend } from './running-send.ts'

describe('claimRecipients', () => {
  it('takes each recipient for one worker only', async () => {
    const { mailshot, sendId } = await sendTo(30)
    const claims = await Promise.all(
      [1, 2, 3].map(async () => {
        const workerId = await enlistWorker(mailshot)
        return claimRecipients(mailshot, { sendId, workerId, limit: 12 })
      }),
    )
    const ids = claims.flat().map(({ id }) => id)
    expect(claims.map((claim) => claim.length)).toEqual([12, 12, 6])
    expect(new Set(ids).size).toBe(30)
  })

  it('gives what the mail is composed from', async () => {
    const { claimed } = await claimOf(1)
    expect(claimed[0]).toMatchObject({
      written: 'Reader1@example.net',
      name: 'Reader 1',
      lang: 'fr',
      attributes: { city: 'Toulouse' },
      tries: 0,
    })
  })

  it('takes nothing for a worker that is not noted, or whose lease has run out', async () => {
    const { mailshot, sendId } = await sendTo(3)
    const workerId = await enlistWorker(mailshot)
    expect(await claimRecipients(mailshot, { sendId, workerId: 'ghost', limit: 3 })).toEqual([])
    mailshot.clock.advance(61_000)
    expect(await claimRecipients(mailshot, { sendId, workerId, limit: 3 })).toEqual([])
  })

  it('takes nothing from a paused send', async () => {
    const { mailshot, sendId } = await sendTo(3)
    await pauseSend(mailshot, sendId, { reason: 'operator', actor: 'test' })
    const workerId = await enlistWorker(mailshot)
    expect(await claimRecipients(mailshot, { sendId, workerId, limit: 3 })).toEqual([])
  })

  it('takes deferred recipients when they are due, after all pending ones', async () => {
    const { mailshot, sendId, claimed, workerId } = await claimOf(3, 1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    await settle(mailshot, claimed, deferred)
    expect(await claimIds(mailshot, sendId, workerId)).toHaveLength(2)
    expect(await claimIds(mailshot, sendId, workerId)).toEqual([])
    mailshot.clock.advance(5 * 60_000)
    expect(await claimIds(mailshot, sendId, workerId)).toEqual([claimed[0]?.id])
  })
})

describe('skipStatement', () => {
  it('skips whoever was suppressed, has left meanwhile or wants no mail for now', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(4)
    const [, , third, fourth] = claimed
    await mailshot.db.write(
      sql`INSERT INTO suppressions (email, reason, at) VALUES ('reader1@example.net', 'complaint', 0)`,
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE subscriber_id = ${claimed[1]?.subscriberId ?? 0}`,
      sql`UPDATE subscribers SET paused_until = ${mailshot.now() + 1} WHERE id = ${third?.subscriberId}`,
      sql`UPDATE subscribers SET paused_until = ${mailshot.now()} WHERE id = ${fourth?.subscriberId}`,
    )
    await markRecipients(mailshot, claimed, { workerId: workerId })
    const rows = await listRecipients(mailshot, { sendId })
    expect(rows.map(({ status, reason, tries }) => [status, reason, tries])).toEqual([
      ['skipped', 'suppressed', 0],
      ['skipped', 'unsubscribed', 0],
      ['skipped', 'paused', 0],
      ['in-hand', null, 1],
    ])
  })
})

describe('inHandStatement', () => {
  it('names only the lists that are still active', async () => {
    const { mailshot, claimed, workerId } = await claimOf(1, 1, ['product', 'weekly'])
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE list_id = 'product'`,
    )
    const marks = await markRecipients(mailshot, claimed, { workerId: workerId })
    expect(marks.map(({ lists }) => lists)).toEqual([['weekly']])
  })

  it('notes the language of the claim, and the lists where some have ended since', async () => {
    const { mailshot, claimed, workerId } = await claimOf(2, 2, ['product', 'weekly'])
    const [first, second] = claimed
    const without = claimed.map((one) => (one === second ? { ...one, lang: null } : one))
    await mailshot.db.write(
      sql`UPDATE subscribers SET lang = 'en'`,
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE list_id = 'product' AND subscriber_id = 1`,
    )
    const asGerman = without.map((one) => (one === first ? { ...one, lang: 'de' } : one))
    const marks = await markRecipients(mailshot, asGerman, { workerId: workerId })
    const noted = sql`SELECT lang, active_lists AS lists FROM recipients ORDER BY id`
    expect(await mailshot.db.all(noted)).toEqual([
      { lang: 'de', lists: '["weekly"]' },
      { lang: 'fr', lists: null },
    ])
    expect(marks.map(({ lists }) => lists)).toEqual([['weekly'], ['product', 'weekly']])
  })

  it('marks no more than allowed', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(5)
    const marks = await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 2 })
    expect(marks.map(({ id }) => id)).toEqual(claimed.slice(0, 2).map(({ id }) => id))
    expect(await statusCounts(mailshot, sendId)).toEqual({ 'in-hand': 2, claimed: 3 })
  })

  it('marks nothing once the send is paused', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2)
    await pauseSend(mailshot, sendId, { reason: 'operator', actor: 'test' })
    expect(await markRecipients(mailshot, claimed, { workerId: workerId })).toEqual([])
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 2 })
  })

  it('marks nothing for a worker whose lease has run out', async () => {
    const { mailshot, claimed, workerId } = await claimOf(2)
    mailshot.clock.advance(61_000)
    expect(await markRecipients(mailshot, claimed, { workerId: workerId })).toEqual([])
  })

  it('marks nothing that another worker has claimed since', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2)
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    const successor = await enlistWorker(mailshot)
    await claimRecipients(mailshot, { sendId, workerId: successor, limit: 2 })
    expect(await markRecipients(mailshot, claimed, { workerId: successor })).toEqual([])
    expect(await markRecipients(mailshot, claimed, { workerId: workerId })).toEqual([])
  })
})

describe('settleStatements', () => {
  it('keeps the time, the answer and the Message-ID of what was accepted', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    mailshot.clock.advance(250)
    await settle(mailshot, claimed, {
      status: 'accepted',
      providerId: 'Q1',
      answer: '250 queued as Q1',
    })
    const [row] = await listRecipients(mailshot, { sendId })
    expect(row).toMatchObject({
      status: 'sent',
      tries: 1,
      settledAt: mailshot.now(),
      inHandAt: mailshot.now() - 250,
      providerId: 'Q1',
      answer: '250 queued as Q1',
      messageId: '<s1.1@example.org>',
    })
  })

  it('settles nothing of a claim that is not its own', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    const foreign = claimed.map((recipient) => ({ ...recipient, claimId: 'another' }))
    await settle(mailshot, foreign, accepted)
    expect(await statusCounts(mailshot, sendId)).toEqual({ 'in-hand': 1 })
  })

  it('changes nothing when repeated', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    await settle(mailshot, claimed, accepted)
    await settle(mailshot, claimed, { status: 'rejected', class: 'hard', reason: 'no' })
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 1 })
    expect(await counters(mailshot)).toMatchObject({ sent: 1, failed: 0 })
  })

  it('gives a recipient back, at no cost of a try, after a fault of the relay', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    await settle(mailshot, claimed, { status: 'deferred', scope: 'relay', reason: '421 busy' })
    const [row] = await listRecipients(mailshot, { sendId })
    expect(row).toMatchObject({ status: 'pending', tries: 0, reason: '421 busy' })
  })

  it('fails a recipient whose temporary refusals have used up its tries', async () => {
    const { mailshot, sendId, workerId } = await claimOf(0)
    await addToSend(mailshot, sendId)
    for (let attempt = 1; attempt <= 5; attempt++) {
      const claimed = await claimRecipients(mailshot, { sendId, workerId, limit: 1 })
      await markRecipients(mailshot, claimed, { workerId: workerId })
      await settle(mailshot, claimed, deferred)
      const [row] = await listRecipients(mailshot, { sendId })
      expect(row).toMatchObject({ tries: attempt, status: attempt < 5 ? 'deferred' : 'failed' })
      mailshot.clock.set(row?.dueAt ?? mailshot.now())
      await mailshot.db.write(sql`UPDATE workers SET lease_until = ${mailshot.now() + 60_000}`)
    }
  })

  it('cancels a deferred recipient of a send that was cancelled meanwhile', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2, 1)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    await cancelSend(mailshot, sendId, { actor: 'test' })
    await settle(mailshot, claimed, deferred)
    expect(await statusCounts(mailshot, sendId)).toEqual({ cancelled: 2 })
  })
})

describe('recoverDeadWorkers', () => {
  it('gives back what was claimed, and calls uncertain what was in hand', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(5)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 2 })
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 3, uncertain: 2 })
    const [first] = await listRecipients(mailshot, { sendId, status: 'uncertain' })
    expect(first).toMatchObject({ messageId: '<s1.1@example.org>', tries: 1 })
    expect(await counters(mailshot)).toMatchObject({ uncertain: 2 })
  })

  it('leaves a worker alone whose lease still runs', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 1 })
    mailshot.clock.advance(59_000)
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ claimed: 1, 'in-hand': 1 })
  })

  it('lets a late answer of the same claim settle what had become uncertain', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(3)
    await markRecipients(mailshot, claimed, { workerId: workerId })
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    await settle(mailshot, claimed.slice(0, 1), accepted)
    await settle(mailshot, claimed.slice(1, 2), {
      status: 'deferred',
      scope: 'relay',
      reason: '421',
    })
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 1, pending: 1, uncertain: 1 })
    await mailshot.db.write(sql`UPDATE sends SET status = 'done'`)
    await settle(mailshot, claimed.slice(2), deferred)
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 1, pending: 1, failed: 1 })
    expect(await counters(mailshot)).toMatchObject({ sent: 1, failed: 1, uncertain: 0 })
  })

  it('takes nothing from one that renews its lease after the look at it', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 1 })
    mailshot.clock.advance(59_999)
    const all: typeof mailshot.db.all = async (query) => {
      const rows = await mailshot.db.all<never>(query)
      await renewLease(mailshot, workerId)
      return rows
    }
    // The clocks of two machines differ.
    const now = () => mailshot.now() + 5
    await recoverDeadWorkers({ ...mailshot, now, db: { ...mailshot.db, all } })
    expect(await statusCounts(mailshot, sendId)).toEqual({ claimed: 1, 'in-hand': 1 })
    expect(await renewLease(mailshot, workerId)).toBe(true)
  })

  it('takes from a process of this id that ran before this one', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 1 })
    await mailshot.db.write(
      sql`UPDATE workers SET id = 'before', started_at = ${mailshot.now() - 86_400_000}`,
      sql`UPDATE recipients SET worker_id = 'before'`,
    )
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 1, uncertain: 1 })
  })

  it('frees what a worker holds that is no longer noted', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(4)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 1 })
    await mailshot.db.write(sql`DELETE FROM workers`)
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 3, uncertain: 1 })
  })

  it('cancels what a dead worker held of a cancelled send', async () => {
    const { mailshot, sendId } = await claimOf(3)
    await mailshot.db.write(sql`UPDATE sends SET status = 'cancelled'`)
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ cancelled: 3 })
  })

  it('mails again what was in hand where the config chose so', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2, 2, ['weekly'], {
      resendUncertain: true,
    })
    await markRecipients(mailshot, claimed, { workerId: workerId })
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 2 })
  })

  it('mails nobody again whose late answer came before the next claim', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(2, 2, ['weekly'], {
      resendUncertain: true,
    })
    await markRecipients(mailshot, claimed, { workerId: workerId })
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    await settle(mailshot, claimed.slice(0, 1), accepted)
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 1, pending: 1 })
    const later = await enlistWorker(mailshot)
    expect(await claimIds(mailshot, sendId, later)).toHaveLength(1)
    await settle(mailshot, claimed.slice(1), accepted)
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 1, claimed: 1 })
    expect(await counters(mailshot)).toMatchObject({ sent: 1 })
  })
})

describe('listRecipients', () => {
  it('pages by id and filters by status and address', async () => {
    const { mailshot, claimed, workerId, sendId } = await claimOf(5)
    await markRecipients(mailshot, claimed, { workerId: workerId, allowed: 2 })
    await settle(mailshot, claimed.slice(0, 2), accepted)
    const sent = await listRecipients(mailshot, { sendId, status: 'sent' })
    expect(sent.map(({ email }) => email)).toEqual(['reader1@example.net', 'reader2@example.net'])
    const afterId = sent[1]?.id ?? 0
    expect(await listRecipients(mailshot, { sendId, afterId, limit: 2 })).toHaveLength(2)
    const one = await listRecipients(mailshot, { sendId, email: 'reader4@example.net' })
    expect(one).toMatchObject([{ email: 'reader4@example.net', status: 'claimed' }])
  })
})

describe('resumeSend', () => {
  it('lets a paused send be claimed again', async () => {
    const { mailshot, sendId } = await sendTo(2)
    await pauseSend(mailshot, sendId, { reason: 'operator', actor: 'test' })
    await resumeSend(mailshot, sendId, { actor: 'test' })
    const workerId = await enlistWorker(mailshot)
    expect(await claimIds(mailshot, sendId, workerId)).toHaveLength(2)
  })
})

const accepted: Outcome = { status: 'accepted', providerId: 'Q1' }
const deferred: Outcome = { status: 'deferred', scope: 'recipient', reason: '450 later' }

async function sendTo(
  count: number,
  lists = ['weekly'],
  config: Parameters<typeof openTestMailshot>[0] = {},
) {
  const mailshot = await openTestMailshot(config)
  for (const list of lists) await addReaders(mailshot, count, { list })
  return { mailshot, sendId: await runningSend(mailshot, lists) }
}

async function claimOf(
  count: number,
  limit = count,
  lists = ['weekly'],
  config: Parameters<typeof openTestMailshot>[0] = {},
) {
  const { mailshot, sendId } = await sendTo(count, lists, config)
  const workerId = await enlistWorker(mailshot)
  const claimed = await claimRecipients(mailshot, { sendId, workerId, limit })
  return { mailshot, sendId, workerId, claimed }
}

async function claimIds(mailshot: TestMailshot, sendId: string, workerId: string) {
  await mailshot.db.write(sql`UPDATE workers SET lease_until = ${mailshot.now() + 60_000}`)
  return (await claimRecipients(mailshot, { sendId, workerId, limit: 100 })).map(({ id }) => id)
}

async function settle(
  mailshot: TestMailshot,
  claimed: Awaited<ReturnType<typeof claimRecipients>>,
  outcome: Outcome,
): Promise<void> {
  const now = mailshot.now()
  const settlements = claimed.map((recipient) =>
    settlementOf(recipient, outcome, {
      now,
      maxTries: 5,
    }),
  )
  await mailshot.db.write(...settleStatements(settlements, laneOf(mailshot.config, 'send'), now))
}

async function addToSend(mailshot: TestMailshot, sendId: string): Promise<void> {
  await addReaders(mailshot, 1)
  await mailshot.db.write(
    sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status)
        SELECT ${sendId}, id, email, written, '["weekly"]', 'pending' FROM subscribers`,
  )
}

async function counters(mailshot: TestMailshot) {
  return mailshot.db.get(sql`SELECT sent, failed, skipped, cancelled, uncertain FROM sends`)
}
