import { describe, expect, it } from 'vitest'
import type { ImportSource } from '../integrations/mailshot/import.ts'

/** What a system may know nothing of. */
type Unknown = 'lang' | 'attributes' | 'name' | 'lists' | 'pending'

/**
 * What every import source must do. `open` gives a fresh source that holds, in its own format: Zoé Martin (active since 31
 * January 2026, fr, on weekly and product, Zoe@Example.org, city Aix, `Zoé "Z" Martin`), then one record that cannot be
 * read, then Bob (unsubscribed, en, weekly, bob@example.org), then Eve (pending, en, product, eve@example.org, Lyon).
 */
export function describeImportSource(
  name: string,
  open: () => ImportSource,
  { without = [] }: { without?: Unknown[] } = {},
): void {
  const known = (field: Unknown, value: Record<string, unknown>) =>
    without.includes(field) ? {} : value
  describe(`${name} as an import source`, () => {
    it('gives every row with what it knows, the address as written', async () => {
      const since = Date.UTC(2026, 0, 31)
      expect(await rowsOf(open())).toMatchObject([
        {
          email: 'Zoe@Example.org',
          ...known('name', { name: 'Zoé "Z" Martin' }),
          ...known('lang', { lang: 'fr' }),
          ...known('lists', {
            places: [
              { list: 'weekly', status: 'active', activeAt: since },
              { list: 'product', status: 'active', activeAt: since },
            ],
          }),
          ...known('attributes', { attributes: { city: 'Aix' } }),
        },
        {
          email: 'bob@example.org',
          ...known('lists', { places: [{ list: 'weekly', status: 'unsubscribed' }] }),
        },
        {
          email: 'eve@example.org',
          ...known('lang', { lang: 'en' }),
          ...known('lists', { places: [{ list: 'product' }] }),
          ...known('pending', { places: [{ status: 'pending' }] }),
          ...known('attributes', { attributes: { city: 'Lyon' } }),
        },
      ])
    })

    it('numbers its rows upwards, and its faults among them', async () => {
      const entries = await Array.fromAsync(open())
      const lines = entries.flatMap((entry) => {
        if ('notice' in entry || 'lastId' in entry) return []
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

/** However a source says where a person is. */
async function rowsOf(source: ImportSource) {
  const entries = await Array.fromAsync(source)
  return entries.flatMap((entry) => {
    if (!('row' in entry)) return []
    const { row } = entry
    const { lists = [], status = 'active', confirmedAt: activeAt } = row
    const subscriptions = row.subscriptions ?? lists.map((list) => ({ list, status, activeAt }))
    return [{ ...row, places: subscriptions }]
  })
}
