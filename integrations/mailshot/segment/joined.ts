import { type SQL, sql } from 'drizzle-orm/sql'

/** SQLite takes what is joined for nested, and goes 1000 deep. */
const most = 200

/** Conditions joined by one operator, in parentheses. */
export function joined(by: 'and' | 'or', parts: SQL[]): SQL {
  const groups: SQL[] = []
  for (let at = 0; at < parts.length; at += most)
    groups.push(sql.join(parts.slice(at, at + most), operators[by]))
  if (groups.length === 1) return sql`(${groups[0]})`
  return sql`(${sql.join(
    groups.map((group) => sql`(${group})`),
    operators[by],
  )})`
}

const operators = { and: sql` AND `, or: sql` OR ` } as const

/** `(?, ?)` */
export function listed(values: readonly (string | number)[]): SQL {
  return sql`(${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )})`
}
