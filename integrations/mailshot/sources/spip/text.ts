import type { TableValue } from '../tables.ts'
import { repaired } from '../tables/text.ts'

/** What a title is without tags, entities and SPIP's number before it (`10. Title`). */
export function plainTitle(text: TableValue | undefined): string {
  return repaired(text)
    .replace(/<[^>]*>/g, '')
    .replace(/^\s*\d+\.\s+/, '')
    .trim()
}
