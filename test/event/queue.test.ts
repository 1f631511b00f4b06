import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import { eventOf, sentTo } from '../sent-mails.ts'

describe('events of many requests at once', () => {
  it('share a few writes, and each caller is told of its own', async () => {
    const { mailshot, mails } = await sentTo(2)
    const counted = countingWrites(mailshot)
    const calls = Array.from({ length: 200 }, (_, at) =>
      recordEvents(counted.mailshot, at % 2 ? 'a' : 'b', [
        eventOf({ at, ourId: mails[at % 4 < 2 ? 0 : 1].ourId }),
        eventOf({ at: at % 50, recipient: 'nobody@example.com' }),
      ]),
    )

    const told = await Promise.all(calls)

    expect(counted.writes()).toBeLessThan(10)
    expect(told[0]).toEqual({ recorded: 2, repeated: 0, unmatched: 1 })
    expect(told[100]).toEqual({ recorded: 1, repeated: 1, unmatched: 0 })
    expect(await countOf(mailshot)).toBe(250)
  })

  it('wait no longer for 10,000 of another than for a slice of them', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { ourId } = mails[0]
    const order: string[] = []
    const many = Array.from({ length: 10_000 }, (_, at) => eventOf({ at, ourId }))
    const all = recordEvents(mailshot, 'a', many).then(() => order.push('many'))
    await setImmediate()
    await recordEvents(mailshot, 'b', [eventOf({ ourId })]).then(() => order.push('one'))
    await all

    expect(order).toEqual(['one', 'many'])
    expect(await countOf(mailshot)).toBe(10_001)
  })

  it('leave the event loop to others between their writes', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { ourId } = mails[0]
    const recording = new AbortController()
    let turns = 0
    const turn = async () => {
      for (; !recording.signal.aborted; turns += 1) await setImmediate()
    }
    const turning = turn()
    const counted = countingWrites(mailshot)
    const many = Array.from({ length: 5_000 }, (_, at) => eventOf({ at, ourId }))
    await recordEvents(counted.mailshot, 'a', many)
    recording.abort()
    await turning

    expect(counted.writes()).toBeGreaterThanOrEqual(10)
    expect(turns).toBeGreaterThanOrEqual(counted.writes())
  })

  it('are refused together where the database refuses them, and taken when they are given again', async () => {
    const { mailshot, mails } = await sentTo(1)
    const down = new Error('the disk is gone')
    const broken = { ...mailshot, db: { ...mailshot.db, write: () => Promise.reject(down) } }
    const events = [eventOf({ ourId: mails[0].ourId })]
    const told = await Promise.allSettled([
      recordEvents(broken, 'a', events),
      recordEvents(broken, 'b', events),
    ])

    expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await recordEvents(mailshot, 'a', events)).toMatchObject({ recorded: 1 })
  })
})

function countingWrites(mailshot: TestMailshot): { mailshot: TestMailshot; writes(): number } {
  let writes = 0
  const write: TestMailshot['db']['write'] = (...statements) => {
    writes += 1
    return mailshot.db.write(...statements)
  }
  return { mailshot: { ...mailshot, db: { ...mailshot.db, write } }, writes: () => writes }
}

async function countOf({ db }: TestMailshot): Promise<number | undefined> {
  return (await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM events`))?.n
}
