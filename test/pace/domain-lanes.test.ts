import { type SQL, sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { openLedger } from '../../integrations/mailshot/deliver/ledger.ts'
import { allowance, domainLaneOf, type Lane } from '../../integrations/mailshot/pace.ts'
import {
  domainAllowances,
  domainStatesStatement,
} from '../../integrations/mailshot/pace/domain-lanes.ts'
import {
  type LaneRow,
  laneStateOf,
  laneStateStatement,
} from '../../integrations/mailshot/pace/state.ts'
import { claimRecipients } from '../../integrations/mailshot/recipient.ts'
import { enlistWorker } from '../../integrations/mailshot/worker.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { runningSend } from '../running-send.ts'

const names = ['fresh', 'late', 'full', 'parked', 'slow', 'lent', 'asked', 'handed']

describe('several lanes at once', () => {
  it('allow as much and stand where each of them does alone', async () => {
    const { mailshot, lanes } = await openLanes()
    const now = mailshot.now()
    const together = await mailshot.db.all<{ way: number; free: number }>(
      sql`SELECT way, free FROM (${domainAllowances(lanes, now)}) ORDER BY way`,
    )
    const alone: number[] = []
    for (const lane of lanes) {
      const row = await mailshot.db.get<{ free: number }>(
        sql`SELECT ${allowance(lane, 1000, now)} AS free`,
      )
      alone.push(row?.free ?? -1)
    }
    const free = together.map((row) => Math.max(0, Math.min(1000, row.free)))
    expect(free).toEqual(alone)
    expect(new Set(alone).size).toBeGreaterThan(4)
    const states = await mailshot.db.all<LaneRow & { scope: string }>(
      domainStatesStatement(lanes, now),
    )
    for (const { scope, ...row } of states) {
      const lane = lanes.find((one) => one.scope === scope)
      if (!lane) continue
      const single = await mailshot.db.get<LaneRow>(laneStateStatement(lane, now))
      expect(laneStateOf(row)).toEqual(laneStateOf(single))
    }
    expect(states.length).toBeGreaterThan(4)
  })

  it('cost a mark no statement each', async () => {
    expect(await statementsFor(40)).toBe(await statementsFor(2))
  })

  it('leave the transport’s slots to whoever comes first', async () => {
    const domains = { 'a.example': '600/hour', 'b.example': '600/hour' }
    const { ledger, claimed, workerId } = await openMark({ pace: '3/minute', domains })
    const turns = ['a.example', 'b.example', 'a.example', 'b.example'].map((domain, place) => {
      const ofDomain = claimed.filter(({ written }) => written.endsWith(domain))
      return ofDomain[Math.floor(place / 2)]
    })
    const next = turns.filter((one) => one !== undefined)
    const { inHand } = await ledger.write(next, 100, workerId)
    expect(inHand.map(({ id }) => id)).toEqual(next.slice(0, 1).map(({ id }) => id))
  })
})

/** Lanes of domains in all states that they may be in. */
async function openLanes() {
  const mailshot = await openTestMailshot({
    domains: Object.fromEntries(
      names.map((name) => [`${name}.example`, { perMinute: 30, perHour: 400 }]),
    ),
  })
  const lanes: Lane[] = names.map((name) => ({
    ...domainLaneOf(mailshot.config, `${name}.example`),
    spacing: name === 'slow' ? 60_000 : 100,
    catchUpMs: 5000,
  }))
  const now = mailshot.now()
  const rows = (values: SQL) =>
    sql`INSERT INTO lanes (scope, next_at, parked_until) VALUES ${values}`
  const slots = (name: string, windowMs: number, freeAt: number, count: number) =>
    sql`INSERT INTO pace (scope, window_ms, free_at, slots)
      VALUES (${`domain:${name}.example`}, ${windowMs}, ${freeAt}, ${count})`
  await mailshot.db.write(
    rows(sql`('domain:late.example', ${now - 900}, 0), ('domain:full.example', ${now - 9000}, 0),
      ('domain:parked.example', 0, ${now + 5000}), ('domain:slow.example', ${now + 30_000}, 0),
      ('domain:lent.example', ${now - 9000}, 0), ('domain:asked.example', ${now - 9000}, 0),
      ('domain:handed.example', ${now - 9000}, 0)`),
    slots('full', 60_000, now + 500, 2),
    slots('full', 60_000, now + 20_000, 28),
    slots('lent', 3_600_000, now + 400_000, 370),
    sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
      VALUES ('welcome', 'A@Asked.example', 'en', '{}', 'pending', ${now}, ${now}),
        ('welcome', 'b@handed.example', 'en', '{}', 'in-hand', ${now}, ${now})`,
  )
  return { mailshot, lanes }
}

async function openMark(config: Parameters<typeof openTestMailshot>[0]) {
  const mailshot = await openTestMailshot(config)
  let from = 1
  for (const domain of Object.keys(config?.domains ?? {})) {
    await addReaders(mailshot, 2, { domain, from })
    from += 2
  }
  const sendId = await runningSend(mailshot, ['weekly'])
  // Nobody mails the operator's letter here, which would keep the next slot.
  await mailshot.db.write(sql`DELETE FROM letters`)
  const workerId = await enlistWorker(mailshot)
  const claimed = await claimRecipients(mailshot, { sendId, workerId, limit: 1000 })
  const ledger = openLedger(mailshot, new AbortController().signal)
  return { mailshot, ledger, claimed, workerId }
}

/** How many statements it takes to mark and to settle the readers of so many limited domains. */
async function statementsFor(count: number): Promise<number> {
  const domains = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`d${index}.example`, '600/hour' as const]),
  )
  const opened = await openMark({ domains })
  let statements = 0
  const db: TestMailshot['db'] = {
    ...opened.mailshot.db,
    write: (...some) => {
      statements += some.length
      return opened.mailshot.db.write(...some)
    },
  }
  const ledger = openLedger({ ...opened.mailshot, db }, new AbortController().signal)
  const first = await ledger.write(opened.claimed, 1000, opened.workerId)
  expect(first.inHand.length).toBeGreaterThanOrEqual(count)
  for (const recipient of first.inHand)
    ledger.note(recipient, { status: 'accepted', providerId: 'Q' })
  await ledger.write([], 1000, opened.workerId)
  return statements
}
