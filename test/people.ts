import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'

/** Puts `reader<n>@example.net` (n from 1), or of another domain, on a list, active since the clock's now. */
export async function addReaders(
  mailshot: Mailshot,
  count: number,
  options: { list?: string; from?: number; lang?: string; domain?: string } = {},
): Promise<void> {
  const { list = 'weekly', from = 1, lang = 'fr', domain = 'example.net' } = options
  const at = `@${domain}`
  const now = mailshot.now()
  const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => from + index))
  await mailshot.db.write(
    sql`INSERT INTO subscribers (email, written, name, lang, attributes, created_at, updated_at)
        SELECT 'reader' || value || ${at}, 'Reader' || value || ${at}, 'Reader ' || value, ${lang},
          json_object('city', 'Toulouse'), ${now}, ${now}
        FROM json_each(${numbers}) WHERE true ON CONFLICT DO NOTHING`,
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
        SELECT s.id, ${list}, 'active', ${now}, ${now} FROM subscribers AS s
        JOIN json_each(${numbers}) AS n ON s.email = 'reader' || n.value || ${at} WHERE true
        ON CONFLICT DO NOTHING`,
  )
}

/** How many recipients of a send are in each status. */
export async function statusCounts(
  mailshot: Mailshot,
  sendId: string,
): Promise<Record<string, number>> {
  const rows = await mailshot.db.all<{ status: string; count: number }>(
    sql`SELECT status, count(*) AS count FROM recipients WHERE send_id = ${sendId} GROUP BY status`,
  )
  return Object.fromEntries(rows.map((row) => [row.status, row.count]))
}

/** What is left of a person's change of address: they are known by the new one, and the audit has the old. */
export async function moveReader(
  { db, now }: Mailshot,
  id: number,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.write(
    sql`UPDATE subscribers SET email = ${to}, written = ${to} WHERE id = ${id}`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      VALUES (${now()}, 'subscriber', 'change-address', ${`subscriber:${id}`}, ${JSON.stringify({ from, to })})`,
  )
}
