import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ImportRow, importSubscribers } from '../../integrations/mailshot/import.ts'
import {
  type ImportedPerson,
  personOf,
  placesOf,
} from '../../integrations/mailshot/import/person.ts'
import { writeSlice } from '../../integrations/mailshot/import/slice.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { manyRows, manyRowsCount } from './many-rows.ts'
import { rowsFrom, stateOf } from './state.ts'

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

describe('importSubscribers', () => {
  it('ends the same after a process was killed on the way and it is run again', async () => {
    const mailshot = await openTestMailshot()
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('import-child.ts', import.meta.url)), mailshot.config.database],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const broken = await stateOf(mailshot)
    expect(broken.people.length).toBeGreaterThan(0)
    expect(broken.people.length).toBeLessThan(manyRowsCount)
    expect(broken.people.length % 1000).toBe(0)
    expect(broken.places).toHaveLength(broken.people.length)
    await importSubscribers(mailshot, rowsFrom([...manyRows()]), { actor: 'test' })
    const untroubled = await openTestMailshot()
    await importSubscribers(untroubled, rowsFrom([...manyRows()]), { actor: 'test' })
    expect(await stateOf(mailshot)).toEqual(await stateOf(untroubled))
  }, 60_000)
})

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
