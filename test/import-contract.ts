import { describe, expect, it } from 'vitest'
import type { ImportSource } from '../integrations/mailshot/import.ts'

/**
 * What every import source must do. `open` gives a fresh source that holds, in its own format: Zoé Martin (active since 31
 * January 2026, fr, on weekly and product, Zoe@Example.org, city Aix, `Zoé "Z" Martin`), then one record that cannot be
 * read, then Bob (unsubscribed, en, weekly, bob@example.org), then Eve (pending, en, product, eve@example.org, Lyon).
 */
export function describeImportSource(name: string, open: () => ImportSource): void {
  describe(`${name} as an import source`, () => {
    it('gives every row with what it knows, the address as written', async () => {
      expect(await rowsOf(open())).toMatchObject([
        {
          email: 'Zoe@Example.org',
          name: 'Zoé "Z" Martin',
          lang: 'fr',
          lists: ['weekly', 'product'],
          status: 'active',
          attributes: { city: 'Aix' },
          confirmedAt: Date.UTC(2026, 0, 31),
        },
        { email: 'bob@example.org', lists: ['weekly'], status: 'unsubscribed' },
        { email: 'eve@example.org', lang: 'en', status: 'pending', attributes: { city: 'Lyon' } },
      ])
    })

    it('numbers its rows upwards, and its faults among them', async () => {
      const entries = await Array.fromAsync(open())
      const lines = entries.flatMap((entry) => {
        if ('notice' in entry) return []
        return 'row' in entry ? entry.line : entry.fault.line
      })
      expect(lines).toHaveLength(4)
      expect(lines).toEqual(lines.toSorted((a, b) => a - b))
    })

    it('reports a record that cannot be read with its cause, and goes on', async () => {
      const entries = await Array.fromAsync(open())
      const faults = entries.flatMap((entry) => ('fault' in entry ? [entry.fault] : []))
      expect(faults).toHaveLength(1)
      expect(faults[0]?.cause).toMatch(/\w+ \w+/)
    })

    it('has a name for messages and consents', () => {
      expect(open().name).not.toBe('')
    })

    it('can be left half-way', async () => {
      for await (const entry of open()) {
        expect(entry).toBeDefined()
        break
      }
    })
  })
}

async function rowsOf(source: ImportSource) {
  const entries = await Array.fromAsync(source)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}
