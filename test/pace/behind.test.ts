import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { type Lanes, openLanes } from '../../integrations/mailshot/deliver/lanes.ts'
import { domainLaneOf, makingUpOf } from '../../integrations/mailshot/pace.ts'
import { advanceDomainsStatement } from '../../integrations/mailshot/pace/domain-lanes.ts'
import { advanceStatement, laneRowStatement } from '../../integrations/mailshot/pace/state.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'

const second = 1000
const minute = 60 * second

describe('a lane that had no slot in its hour', () => {
  it('hurries until it has given as many as it would have', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(minute + 90 * second)
    expect(await mark()).toEqual({ behind: 90 * second, spacing: 45 * second })
    for (let n = 0; n < 5; n++) {
      mailshot.clock.advance(45 * second)
      await mark()
    }
    expect(lanes.transport(mailshot.now()).spacing).toBe(45 * second)
    mailshot.clock.advance(45 * second)
    expect(await mark()).toEqual({ behind: 0, spacing: minute })
  })

  it('makes up a tenth of its window at most, two slots at least', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(180 * minute)
    expect(await mark()).toMatchObject({ behind: 6 * minute })
    expect(makingUpOf({ limits: [{ count: 10, windowMs: 60 * minute }], reserve: 0 }).most).toBe(
      12 * minute,
    )
  })

  it('makes nothing up for a time in which nobody waited', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(3 * minute)
    lanes.noteIdle('')
    lanes.noteWaiting('')
    expect(await mark()).toEqual({ behind: 0, spacing: minute })
  })

  it('has forgotten after a pause what it was behind', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(3 * minute)
    expect(await mark()).toMatchObject({ spacing: 45 * second })
    lanes.noteIdle('')
    mailshot.clock.advance(8 * minute)
    lanes.noteWaiting('')
    expect(await mark()).toEqual({ behind: 0, spacing: minute })
  })

  it('makes nothing up for a rest of the relay', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(5 * minute)
    await mailshot.db.write(sql`UPDATE lanes SET parked_until = ${mailshot.now()}`)
    await lanes.refresh()
    expect(await mark()).toEqual({ behind: 0, spacing: minute })
  })

  it('makes nothing up for the hours in which it is closed', async () => {
    const { mailshot, lanes, mark } = await openLane({
      pace: '600/day',
      hours: { from: '09:00', to: '19:00', timeZone: 'UTC' },
    })
    const noon = mailshot.now()
    mailshot.clock.set(noon + 419 * minute)
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.set(noon + 21 * 60 * minute)
    expect(await mark()).toMatchObject({ behind: 0 })
  })

  it('does not hurry while it is slowed down, and owes nothing afterwards', async () => {
    const { mailshot, lanes, mark } = await openLane()
    lanes.noteWaiting('')
    await mark()
    mailshot.clock.advance(3 * minute)
    await mark()
    await mailshot.db.write(
      sql`UPDATE lanes SET spacing = 240000, slowed_from = 120000, slowed_at = ${mailshot.now()}`,
    )
    await lanes.refresh()
    expect(await mark()).toEqual({ behind: 0, spacing: 4 * minute })
  })
})

describe('advanceDomainsStatement', () => {
  it('moves several lanes on as each is moved on alone', async () => {
    const {
      config,
      db,
      now: clock,
    } = await openTestMailshot({
      domains: {
        'late.example': '60/hour',
        'hurried.example': '60/hour',
        'even.example': '60/hour',
      },
    })
    const now = clock()
    const lanes = ['late', 'hurried', 'even'].map((name) => {
      const lane = domainLaneOf(config, `${name}.example`)
      const spacing = name === 'hurried' ? 45 * second : lane.spacing
      return { ...lane, spacing, makingUp: { ...lane.makingUp, waitedSince: now - 200 * second } }
    })
    const begin = sql`INSERT OR REPLACE INTO lanes (scope, next_at, behind) VALUES
      ('domain:late.example', ${now - 300 * second}, 0), ('domain:hurried.example', ${now}, 50000), ('domain:even.example', ${now}, 0)`
    const rows = () =>
      db.all<{ behind: number }>(sql`SELECT scope, next_at, behind FROM lanes ORDER BY scope DESC`)
    const oneChange = sql`UPDATE lanes SET next_at = next_at WHERE scope = 'domain:even.example'`
    await db.write(begin)
    for (const lane of lanes) await db.write(oneChange, advanceStatement(lane, now))
    const alone = await rows()
    const taken = sql`SELECT key AS way, 1 AS count FROM json_each('[0, 1, 2]')`
    await db.write(begin, oneChange, advanceDomainsStatement(lanes, taken, now))
    expect(await rows()).toEqual(alone)
    expect(alone.map(({ behind }) => behind)).toEqual([140_000, 35_000, 0])
  })
})

/** The lane of a transport, of which `mark` takes a slot now. */
async function openLane(config: Partial<MailshotConfigInput> = { pace: '60/hour' }) {
  const mailshot = await openTestMailshot(config)
  const lanes = openLanes(mailshot)
  return { mailshot, lanes, mark: () => takeSlot(mailshot, lanes) }
}

async function takeSlot(mailshot: TestMailshot, lanes: Lanes) {
  const now = mailshot.now()
  const lane = lanes.transport(now)
  await mailshot.db.write(
    laneRowStatement(lane.scope),
    sql`UPDATE lanes SET next_at = next_at WHERE scope = ${lane.scope}`,
    advanceStatement(lane, now),
  )
  await lanes.refresh()
  return { behind: lanes.transportState.behind, spacing: lanes.transport(now).spacing }
}
