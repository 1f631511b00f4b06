import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * Takes addresses out of what is about something else: an answer of a relay that a send or a lane keeps, a link that had the
 * address in it, what a person at the command line gave for a reason, reports that matched no mail.
 *
 * @param emails in every form in which they may stand there
 */
export function scrubStatements(emails: readonly string[]): SQL[] {
  return [
    sql`UPDATE sends SET only_to = 'erased', trigger_key = 'erased.' || id WHERE only_to IN (SELECT value FROM json_each(${JSON.stringify(emails)}))`,
    ...formsOf(emails).flatMap((form) => [
      sql`DELETE FROM events WHERE matched_by IS NULL AND (${holds('raw', form)} OR ${holds('reason', form)})`,
      ...places.map((place) => takeOut(place, form)),
      // Where that address is counted already, this one is not told apart from it any more.
      sql`DELETE FROM send_counts WHERE send_id IN (SELECT id FROM sends) AND kind = 'link' AND ${holds('key', form)}`,
    ]),
  ]
}

interface Place {
  table: string
  column: string
  which: string
  /** What stands there instead, where not just any words may. */
  gap?: string
}

const gap = '(erased)'
/** A condition is still to be read with it. */
const word = 'erased'

/** By the index: what is about people is most of it, and names nobody else. */
const isOfNobody = ['address:', 'recipient:', 'subscriber:']
  .map(
    (subject, index, all) =>
      `subject > '${all[index - 1]?.replace(':', ';') ?? ''}' AND subject < '${subject}'`,
  )
  .concat(`subject > 'subscriber;'`)
  .map((range) => `(${range})`)
  .join(' OR ')

const places: Place[] = [
  { table: 'sends', column: 'reason', which: 'true' },
  { table: 'sends', column: 'segment', which: 'true', gap: word },
  { table: 'sends', column: 'exclude', which: 'true', gap: word },
  { table: 'lanes', column: 'parked_reason', which: 'true' },
  { table: 'lanes', column: 'slowed_reason', which: 'true' },
  { table: 'lanes', column: 'refusal', which: 'true' },
  { table: 'lists', column: 'sync_fault', which: 'true' },
  { table: 'letters', column: '"values"', which: 'subscriber_id IS NULL' },
  { table: 'letters', column: 'reason', which: 'subscriber_id IS NULL' },
  { table: 'audit', column: 'detail', which: isOfNobody },
  {
    table: 'send_counts',
    column: 'key',
    which: `send_id IN (SELECT id FROM sends) AND kind = 'link'`,
  },
]

/** In small letters as a whole, where somebody wrote the address in others; SQLite replaces by the letter. */
function takeOut({ table, column, which, gap: instead = gap }: Place, form: string): SQL {
  const [name, at, where] = [sql.raw(table), sql.raw(column), sql.raw(which)]
  return sql`UPDATE OR IGNORE ${name}
    SET ${at} = iif(instr(${at}, ${form}), replace(${at}, ${form}, ${instead}), replace(lower(${at}), lower(${form}), ${instead}))
    WHERE (${where}) AND ${holds(column, form)}`
}

function holds(column: string, form: string): SQL {
  return sql`instr(lower(${sql.raw(column)}), lower(${form}))`
}

/** As it is, and as it stands in the query of a link. */
function formsOf(emails: readonly string[]): string[] {
  return [...new Set(emails.flatMap((email) => [email, encodeURIComponent(email)]))]
}
