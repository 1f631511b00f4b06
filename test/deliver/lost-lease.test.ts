import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { openEnding } from '../../integrations/mailshot/deliver/ending.ts'
import { listLetters, queueAlarmStatement } from '../../integrations/mailshot/letter.ts'
import { deliverLetters } from '../../integrations/mailshot/letter/deliver.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { enlistWorker, recoverDeadWorkers } from '../../integrations/mailshot/worker.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('a worker that was silent for longer than its lease', () => {
  it('mails nobody whom it had in hand before, though it has a new lease', async () => {
    const transport = memory()
    const given = await openTestMailshot({ transport, pace: { perMinute: 30 } })
    await addReaders(given, 3)
    const { send } = await startFixture(given, 'hello')
    const statuses: unknown[] = []
    transport.failWhen(async ({ campaign, envelope }) => {
      if (campaign) statuses.push((await recipientOf(given, envelope.to))?.status)
      return undefined
    })
    const stop = new AbortController()
    const { mailshot, held, wake } = withHeldHour(given, stop.signal)
    const ended = deliver(mailshot, { signal: stop.signal })
    await held
    given.clock.advance(61_000)
    await expect.poll(() => statusCounts(given, send.id)).toHaveProperty('uncertain')
    wake()
    // What it knows better than whoever took over: nothing of it has left.
    await expect.poll(() => statusCounts(given, send.id)).not.toHaveProperty('uncertain')
    stop.abort()
    await ended
    expect(statuses).not.toContain('uncertain')
  })

  it('writes down what it knows before anybody is mailed again', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport, resendUncertain: true })
    await addReaders(mailshot, 1)
    await startFixture(mailshot, 'hello')
    let isFirst = true
    transport.failWhen(async ({ campaign }) => {
      if (campaign === undefined || !isFirst) return undefined
      isFirst = false
      mailshot.clock.advance(61_000)
      await recoverDeadWorkers(mailshot)
      return undefined
    })
    await deliver(mailshot, { untilDone: true })
    expect(transport.messages.filter(({ campaign }) => campaign !== undefined)).toHaveLength(1)
  })

  it('hands no letter over either', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await startFixture(mailshot, 'hello')
    await mailshot.db.write(queueAlarmStatement(mailshot, 'held', sql`status = 'scheduled'`))
    const workerId = await enlistWorker(mailshot)
    const { signal } = new AbortController()
    const ending = openEnding(mailshot, signal)
    const stop = new AbortController()
    const hasLostLease = () => {
      stop.abort()
      return true
    }
    await deliverLetters(mailshot, { workerId, signal: stop.signal, ending, hasLostLease })
    ending.close()
    expect(transport.handedOver).toEqual([])
    expect(await listLetters(mailshot)).toMatchObject([{ status: 'pending', tries: 0 }])
  })
})

/** The hour of the first mail in hand comes only when `wake` says so; `held` says that it waits for it. */
function withHeldHour(given: TestMailshot, signal: AbortSignal) {
  const held = Promise.withResolvers<void>()
  const woken = Promise.withResolvers<void>()
  let isHeld = false
  const sleep: TestMailshot['sleep'] = async (ms, until) => {
    if (until !== signal || isHeld) return given.sleep(ms, until)
    isHeld = true
    held.resolve()
    await woken.promise
  }
  return { mailshot: { ...given, sleep }, held: held.promise, wake: woken.resolve }
}

function recipientOf(mailshot: TestMailshot, written: string) {
  return mailshot.db.get<{ status: string }>(
    sql`SELECT status FROM recipients WHERE written = ${written}`,
  )
}
