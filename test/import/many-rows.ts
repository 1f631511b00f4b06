import type { ImportRow } from '../../integrations/mailshot/import.ts'

export const manyRowsCount = 30_000

export function* manyRows(): Generator<ImportRow> {
  for (let number = 0; number < manyRowsCount; number++) {
    yield { email: `reader${number}@example.org`, name: `Reader ${number}`, lists: ['weekly'] }
  }
}
