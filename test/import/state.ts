import { sql } from 'drizzle-orm/sql'
import type { ImportRow, ImportSource } from '../../integrations/mailshot/import.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'

/** Rows as a file would give them, the header being line 1. */
export function rowsFrom(rows: readonly ImportRow[]): ImportSource {
  return {
    name: 'people.csv',
    rereadable: true,
    async *[Symbol.asyncIterator]() {
      await Promise.resolve()
      yield* rows.map((row, index) => ({ row, line: index + 2 }))
    },
  }
}

export async function placesOf(mailshot: Mailshot): Promise<string[]> {
  return linesOf(
    mailshot,
    sql`SELECT concat_ws(' ', p.email, s.list_id, s.status) AS line
        FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id ORDER BY line`,
  )
}

/** All that an import may change, without the times at which it did. */
export async function stateOf(mailshot: Mailshot) {
  return {
    people: await linesOf(
      mailshot,
      sql`SELECT concat_ws(' ', email, written, name, lang, time_zone, paused_until,
            tracking_agreed_at, (SELECT json_group_object(key, value)
            FROM (SELECT key, value FROM json_each(attributes) ORDER BY key))) AS line
          FROM subscribers ORDER BY line`,
    ),
    places: await placesOf(mailshot),
    consents: await linesOf(
      mailshot,
      sql`SELECT concat_ws(' ', p.email, c.list_id, c.source, c.form, c.confirmed_at) AS line
          FROM consents c JOIN subscribers p ON p.id = c.subscriber_id ORDER BY line`,
    ),
    suppressions: await linesOf(
      mailshot,
      sql`SELECT concat_ws(' ', email, reason, note) AS line FROM suppressions ORDER BY line`,
    ),
    formerIds: await linesOf(
      mailshot,
      sql`SELECT concat_ws(' ', source, f.id, p.email) AS line
          FROM former_ids f JOIN subscribers p ON p.id = f.subscriber_id ORDER BY line`,
    ),
  }
}

export async function letterCount(mailshot: Mailshot): Promise<number> {
  return (await linesOf(mailshot, sql`SELECT kind AS line FROM letters`)).length
}

async function linesOf(mailshot: Mailshot, query: ReturnType<typeof sql>): Promise<string[]> {
  const rows = await mailshot.db.all<{ line: string }>(query)
  return rows.map((row) => row.line)
}
