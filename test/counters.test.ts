import { glob, readFile } from 'node:fs/promises'
import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { restoreToService, takeOver } from '../integrations/mailshot/hold.ts'
import { laneOf } from '../integrations/mailshot/pace.ts'
import {
  type ClaimedRecipient,
  claimRecipients,
  settleStatements,
} from '../integrations/mailshot/recipient.ts'
import { settlementOf } from '../integrations/mailshot/recipient/settlement.ts'
import { cancelSend, pauseSend, readSend, resumeSend } from '../integrations/mailshot/send.ts'
import { resend } from '../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../integrations/mailshot/send/settle.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import type { Outcome } from '../integrations/mailshot/transport.ts'
import { enlistWorker, recoverDeadWorkers, renewLease } from '../integrations/mailshot/worker.ts'
import { markRecipients } from './mark-recipients.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { runningSend } from './running-send.ts'

describe('a send under any order of what may happen', () => {
  it('keeps its counters equal to its rows, and hands nothing over twice unanswered', async () => {
    const run = fc.asyncProperty(
      fc.array(event, { minLength: 20, maxLength: 120 }),
      async (events) => {
        const world = await openWorld()
        for (const one of events) await happen(world, one)
        expect(world.doubles).toEqual([])
        const { id, total, ...send } = await readSend(world.mailshot, world.sendId)
        const rows = await statusCounts(world.mailshot, id)
        for (const status of ['sent', 'failed', 'skipped', 'cancelled', 'uncertain'] as const) {
          expect([status, send[status]]).toEqual([status, rows[status] ?? 0])
        }
        expect(Object.values(rows).reduce((sum, count) => sum + count, 0)).toBe(total)
        expect(send.status === 'done' ? send.remaining : 0).toBe(0)
      },
    )
    await fc.assert(run, { numRuns: 40 })
  })
})

describe('each statement that changes the status of recipients', () => {
  it('names settled_at, on which the counters hang, unless it moves between open states', async () => {
    const unsettled: (string | undefined)[] = []
    for await (const path of glob('integrations/mailshot/**/*.ts')) {
      const source = await readFile(path, 'utf8')
      for (const [, set = ''] of source.matchAll(/UPDATE recipients SET\b(.*?)\bWHERE\b/gs)) {
        const status = /\bstatus = (\S+)/.exec(set)?.[1]
        if (status !== undefined && !/\bsettled_at = /.test(set)) unsettled.push(status)
      }
    }
    // The claim, the mark and the postponing.
    expect(new Set(unsettled)).toEqual(new Set(["'claimed',", "'deferred',", "'in-hand',"]))
  })
})

const readers = 12
const outcomes: Outcome[] = [
  { status: 'accepted', providerId: 'Q' },
  { status: 'rejected', class: 'hard', reason: '550' },
  { status: 'deferred', scope: 'recipient', reason: '450' },
  { status: 'deferred', scope: 'relay', reason: '421' },
  { status: 'uncertain', reason: 'lost' },
]

const worker = fc.nat(2)
const event = fc.oneof(
  fc.record({ type: fc.constant('claim' as const), worker }),
  fc.record({
    type: fc.constant('mark' as const),
    worker,
    allowed: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    type: fc.constant('answer' as const),
    worker,
    outcome: fc.constantFrom(...outcomes),
    which: fc.nat(5),
  }),
  fc.record({ type: fc.constant('sleep' as const), worker }),
  fc.record({ type: fc.constant('leave' as const), reader: fc.integer({ min: 1, max: readers }) }),
  fc.record({ type: fc.constantFrom('pause' as const, 'resume' as const, 'tend' as const) }),
  fc.record({
    type: fc.constantFrom('cancel' as const, 'end' as const),
    really: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({
    type: fc.constant('settle' as const),
    as: fc.constantFrom('sent' as const, 'failed' as const),
  }),
  fc.record({
    type: fc.constant('resend' as const),
    whom: fc.constantFrom('failed' as const, 'uncertain' as const),
  }),
  fc.record({ type: fc.constant('restore' as const) }),
  fc.record({ type: fc.constant('take over' as const), by: fc.constantFrom('a', 'b') }),
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

interface Worker {
  id: string
  claimed: ClaimedRecipient[]
  inHand: ClaimedRecipient[]
}

interface World {
  mailshot: TestMailshot
  sendId: string
  workers: Worker[]
  /** Handed over, and by all that is known not refused since. */
  out: Set<number>
  doubles: number[]
}

async function openWorld(): Promise<World> {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, readers)
  const sendId = await runningSend(mailshot, ['weekly'])
  const workers: Worker[] = []
  for (let n = 0; n < 3; n++) {
    workers.push({ id: await enlistWorker(mailshot), claimed: [], inHand: [] })
  }
  return { mailshot, sendId, workers, out: new Set(), doubles: [] }
}

async function happen(world: World, one: Event): Promise<void> {
  const { mailshot, sendId } = world
  const by = 'worker' in one ? world.workers[one.worker] : undefined
  const send = await readSend(mailshot, sendId)
  const isOpen = send.status !== 'done' && send.status !== 'cancelled'
  if (one.type === 'claim' && by) {
    const claim = { sendId, workerId: by.id, limit: 4 }
    by.claimed.push(...(await claimRecipients(mailshot, claim)))
  }
  if (one.type === 'mark' && by) await mark(world, by, one.allowed)
  if (one.type === 'answer' && by) await answer(world, by, one)
  if (one.type === 'sleep' && by) await sleepPastLease(world, by)
  if (one.type === 'leave') {
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE subscriber_id = ${one.reader}`,
    )
  }
  if (one.type === 'pause' && isOpen) {
    await pauseSend(mailshot, sendId, { reason: 'operator', actor: 'test' })
  }
  if (one.type === 'resume' && isOpen) await resumeSend(mailshot, sendId, { actor: 'test' })
  if (one.type === 'cancel' && isOpen && one.really === 0) {
    await cancelSend(mailshot, sendId, { actor: 'test' })
  }
  if (one.type === 'tend') await tendSends(mailshot, () => 'ready')
  if (isOpen || one.type !== 'end') await actByHand(world, one)
}

async function actByHand(world: World, one: Event): Promise<void> {
  const { mailshot, sendId } = world
  if (one.type === 'end' && one.really === 0) {
    await mailshot.db.write(sql`UPDATE sends SET until = ${mailshot.now()}`)
  }
  if (one.type === 'settle') {
    await settleUncertain(mailshot, sendId, { as: one.as, which: 'all', actor: 'test' })
  }
  if (one.type === 'resend') await resendAll(world, one.whom)
  if (one.type === 'restore') await restoreToService(mailshot.db, mailshot.now())
  if (one.type === 'take over') {
    await takeOver(mailshot.db, { ...mailshot.config, site: `https://${one.by}.example` })
  }
}

/** What may be resent: neither a cancelled send nor one that had an end date. */
async function resendAll({ mailshot, sendId, out }: World, whom: 'failed' | 'uncertain') {
  const { status, until } = await readSend(mailshot, sendId)
  if (status === 'cancelled' || until !== null) return
  await resend(mailshot, sendId, { choice: { statuses: [whom] }, actor: 'test' })
  const again = await mailshot.db.all<{ id: number }>(
    sql`SELECT id FROM recipients WHERE resend > 0 AND status = 'pending'`,
  )
  for (const { id } of again) out.delete(id)
}

async function mark({ mailshot, out, doubles }: World, by: Worker, allowed: number): Promise<void> {
  const marks = await markRecipients(mailshot, by.claimed, { workerId: by.id, allowed })
  const ids = new Set(marks.map(({ id }) => id))
  for (const id of ids) {
    if (out.has(id)) doubles.push(id)
    out.add(id)
  }
  by.inHand.push(...by.claimed.filter(({ id }) => ids.has(id)))
  by.claimed = by.claimed.filter(({ id }) => !ids.has(id))
}

async function answer(
  { mailshot, out }: World,
  by: Worker,
  { outcome, which }: { outcome: Outcome; which: number },
): Promise<void> {
  const recipient = by.inHand[which % Math.max(1, by.inHand.length)]
  if (!recipient) return
  by.inHand = by.inHand.filter((other) => other !== recipient)
  const now = mailshot.now()
  const settlement = settlementOf(recipient, outcome, { now, maxTries: 5 })
  await mailshot.db.write(...settleStatements([settlement], laneOf(mailshot.config, 'send'), now))
  if (outcome.status === 'deferred' || outcome.status === 'rejected') out.delete(recipient.id)
}

/** One worker is silent past its lease while the others go on; it wakes under a new name. */
async function sleepPastLease({ mailshot, workers }: World, sleeper: Worker): Promise<void> {
  for (let step = 0; step < 3; step++) {
    mailshot.clock.advance(30_000)
    for (const one of workers) if (one !== sleeper) await renewLease(mailshot, one.id)
  }
  await recoverDeadWorkers(mailshot)
  sleeper.id = await enlistWorker(mailshot)
  sleeper.claimed = []
}
