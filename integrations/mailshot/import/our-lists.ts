import type { WantedLists } from './check.ts'
import type { ImportRow } from './row.ts'

/** A row whose consents are about our lists, by their names here; those about lists that are left out are left out too. */
export function withOurLists(row: ImportRow, { map = {}, skipLists = [] }: WantedLists): ImportRow {
  if (row.consents === undefined) return row
  const kept = row.consents.filter(({ list }) => !skipLists.includes(list))
  return { ...row, consents: kept.map((one) => ({ ...one, list: map[one.list] ?? one.list })) }
}
