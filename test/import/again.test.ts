import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImportRow } from '../../integrations/mailshot/import.ts'
import {
  type ImportedPerson,
  personOf,
  placesOf,
} from '../../integrations/mailshot/import/person.ts'
import { writeSlice } from '../../integrations/mailshot/import/slice.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { importManyRows } from './import-many-rows.ts'
import { manyPeople } from './many-rows.ts'
import { stateOf } from './state.ts'

describe('writeSlice', () => {
  it('ends the same run once or twice, and in slices of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 12 }), fc.nat(12), async (given, cut) => {
        const [whole, sliced] = [await openTestMailshot(), await openTestMailshot()]
        const people = peopleOf(whole, given)
        await writeSlice(whole, people, 'people.csv')
        for (const part of [people.slice(0, cut), people.slice(cut)]) {
          await writeSlice(sliced, part, 'people.csv')
        }
        const { consents: _consents, ...state } = await stateOf(whole)
        expect(await stateOf(sliced)).toMatchObject(state)
        const before = await stateOf(whole)
        await writeSlice(whole, people, 'people.csv')
        expect(await stateOf(whole)).toEqual(before)
      }),
      { numRuns: 40 },
    )
  })

  it('counts every row once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 12 }), async (given) => {
        const mailshot = await openTestMailshot()
        const { lists: _lists, ...counts } = await writeSlice(
          mailshot,
          peopleOf(mailshot, given),
          'people.csv',
        )
        const sum = Object.values(counts).reduce((all, one) => all + one, 0)
        expect(sum).toBe(given.length)
        const addresses = new Set(given.map((row) => row.email))
        expect(counts.created).toBe(addresses.size)
      }),
      { numRuns: 20 },
    )
  })
})

describe('an import of all that a system knows', () => {
  it('ends the same after its process was killed, among people and among recipients, and it is run again', async () => {
    const mailshot = await openTestMailshot()
    await killedAt(mailshot, 'people')
    const { subscribers: [some] = [] } = await countsOf(mailshot)
    expect(some).toBeGreaterThan(0)
    expect(some).toBeLessThan(manyPeople)
    await killedAt(mailshot, 'sent')
    const { subscribers, recipients: [got] = [] } = await countsOf(mailshot)
    expect(subscribers).toEqual([manyPeople])
    expect(got).toBeGreaterThan(0)
    expect(got).toBeLessThan(manyPeople)
    await importManyRows(mailshot)
    const untroubled = await openTestMailshot()
    await importManyRows(untroubled)
    const state = await wholeOf(untroubled)
    expect(Object.keys(state)).toContain('events')
    expect(await wholeOf(mailshot)).toEqual(state)
  }, 60_000)
})

/** Imports in a process of its own, which is killed after its first slice of a step. */
async function killedAt(mailshot: Mailshot, step: 'people' | 'sent'): Promise<void> {
  const path = fileURLToPath(new URL('import-child.ts', import.meta.url))
  const child = spawn(process.execPath, [path, mailshot.config.database], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith(step)) child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
}

async function countsOf({ db }: Mailshot): Promise<Record<string, number[]>> {
  const count = async (table: string) => {
    const rows = await db.all<{ n: number }>(sql.raw(`SELECT count(*) AS n FROM ${table}`))
    return rows.map(({ n }) => n)
  }
  return { subscribers: await count('subscribers'), recipients: await count('recipients') }
}

/** Every row of every table, numbers and all, but for the times at which the import ran, and what tells of runs and settings. */
async function wholeOf({ db }: Mailshot): Promise<Record<string, string[]>> {
  const tables = await db.all<{ name: string }>(sql`SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN ('audit', 'lists', 'meta', 'migrations', 'workers')`)
  const whole: Record<string, string[]> = {}
  for (const { name } of tables) {
    const rows = await db.all<object>(sql.raw(`SELECT * FROM ${name}`))
    whole[name] = rows.map((row) => JSON.stringify(row).replace(/\b1[6-9]\d{11}\b/g, 'now'))
  }
  return whole
}

function peopleOf({ config }: Mailshot, given: readonly ImportRow[]): ImportedPerson[] {
  return given.flatMap((row) => personOf(config, row, placesOf(row)).person ?? [])
}

const rows: fc.Arbitrary<ImportRow> = fc.constantFrom('ada', 'bob', 'zoe').chain((name) =>
  fc.record({
    email: fc.constant(`${name}@example.org`),
    name: fc.constantFrom('', 'A', 'Zoé "Z" O\'Hara'),
    lang: fc.constantFrom('', 'fr', 'en'),
    timeZone: fc.constantFrom('', 'Asia/Tokyo', 'Europe/Paris'),
    attributes: fc.dictionary(fc.constantFrom('city'), fc.constantFrom('x', 'y')),
    lists: fc.constantFrom(['weekly'], ['product'], ['product', 'weekly']),
    status: fc.constantFrom('active', 'pending', 'unsubscribed'),
    pausedUntil: fc.constantFrom(1, 2),
    formerIds: fc.constantFrom([], [{ source: 'spip', id: name }]),
    ...(name === 'zoe' && { suppressed: fc.constant('hard-bounce' as const) }),
    ...(name === 'ada' && { trackingAgreedAt: fc.constantFrom(3, 4) }),
    ...(name === 'bob' && {
      consents: fc.constant([{ list: 'weekly', at: 5, form: 'opt-in of 2019' }]),
    }),
  }),
)
