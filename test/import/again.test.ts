import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import type { ImportedPerson } from '../../integrations/mailshot/import/person.ts'
import { writeSlice } from '../../integrations/mailshot/import/slice.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { manyRows, manyRowsCount } from './many-rows.ts'
import { rowsFrom, stateOf } from './state.ts'

describe('writeSlice', () => {
  it('ends the same run once or twice, and in slices of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(people, { maxLength: 12 }), fc.nat(12), async (rows, cut) => {
        const [whole, sliced] = [await openTestMailshot(), await openTestMailshot()]
        await writeSlice(whole, rows, 'people.csv')
        for (const part of [rows.slice(0, cut), rows.slice(cut)]) {
          await writeSlice(sliced, part, 'people.csv')
        }
        const { consents: _consents, ...state } = await stateOf(whole)
        expect(await stateOf(sliced)).toMatchObject(state)
        const before = await stateOf(whole)
        await writeSlice(whole, rows, 'people.csv')
        expect(await stateOf(whole)).toEqual(before)
      }),
      { numRuns: 40 },
    )
  })

  it('counts every row once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(people, { maxLength: 12 }), async (rows) => {
        const mailshot = await openTestMailshot()
        const counts = await writeSlice(mailshot, rows, 'people.csv')
        const sum = Object.values(counts).reduce((all, one) => all + one, 0)
        expect(sum).toBe(rows.length)
        const addresses = new Set(rows.map((row) => row.email))
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

const places = fc
  .record({
    list: fc.constantFrom('weekly', 'product'),
    status: fc.constantFrom('active', 'pending', 'unsubscribed'),
    confirmedAt: fc.constant(null),
  })
  .map((place) => [place])

const people: fc.Arbitrary<ImportedPerson> = fc
  .constantFrom('ada', 'bob', 'zoe')
  .map((name) => ({ email: `${name}@example.org`, written: `${name}@example.org` }))
  .chain((address) =>
    fc.record({
      email: fc.constant(address.email),
      written: fc.constant(address.written),
      name: fc.constantFrom('', 'A', 'Zoé "Z" O\'Hara'),
      lang: fc.constantFrom(null, 'fr', 'en'),
      timeZone: fc.constantFrom(null, 'Asia/Tokyo', 'Europe/Paris'),
      attributes: fc.dictionary(fc.constantFrom('city', 'plan'), fc.constantFrom('x', 1, true)),
      places,
    }),
  )
