import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'

/** How SQLite does each statement of some work: a line a step, `SCAN letters` for one that walks a table. */
export async function plansOf(
  mailshot: Mailshot,
  work: (mailshot: Mailshot) => Promise<unknown>,
): Promise<string[]> {
  const { db } = mailshot
  const queries: SQL[] = []
  const noted = (query: SQL) => {
    queries.push(query)
    return query
  }
  await work({
    ...mailshot,
    db: {
      ...db,
      all: (query) => db.all(noted(query)),
      get: (query) => db.get(noted(query)),
      write: (...statements) => db.write(...statements.map(noted)),
    },
  })
  const plans: string[] = []
  for (const query of queries) {
    const steps = await db.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${query}`)
    plans.push(...steps.map(({ detail }) => detail))
  }
  return plans
}
