import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SQL, sql } from 'drizzle-orm/sql'
import { type Database, openDatabase } from '../../../db/open.ts'
import type { Mailshot } from '../mailshot.ts'
import { hashersInUse, hashesOf } from '../suppression/hash.ts'
import type { ImportedPerson } from './person.ts'

/** A database beside the real one, in which an import can be done to see what it would come to. */
export interface Rehearsal {
  mailshot: Mailshot
  /** Brings over what is known of these people, unless it was before. */
  copy(people: readonly ImportedPerson[]): Promise<void>
  /** Brings over what is known of these addresses, and is suppressed of these hashes. */
  copySuppressed(emails: readonly string[], hashes: readonly [string, string][]): Promise<void>
  /** Brings over who is a subscriber and has one of the hashes that have come in. */
  copyHashed(): Promise<void>
  /** Brings over a send of another system, if it is here. */
  copySend(send: { id: string; triggerKey: string }): Promise<void>
  /** Brings over who of these got a send. */
  copyRecipients(sendId: string, emails: readonly string[]): Promise<void>
  close(): Promise<void>
}

/**
 * It is a file of its own, readable by this user alone, so that memory stays flat; `close` removes it.
 *
 * @param closedLists that people may be on too
 */
export async function openRehearsal(
  mailshot: Mailshot,
  closedLists: readonly string[] = [],
): Promise<Rehearsal> {
  const folder = await mkdtemp(join(tmpdir(), 'mailshot-rehearsal-'))
  const db = await openDatabase(`file:${join(folder, 'rehearsal.db')}`, { create: true })
  const rehearsed = { ...mailshot, db }
  const copyAll = copier(mailshot.db, db)
  await copyAll('lists', sql`true`)
  await db.write(closedStatement(closedLists))
  await copyAll('meta', sql`key = 'suppression-key' OR key LIKE 'suppression-key:%'`)
  await leaveNumbersFree(mailshot.db, db)
  const people = peopleCopier(mailshot, db, copyAll)
  return {
    mailshot: rehearsed,
    copy: (all) =>
      people.copy(
        all.map(({ email }) => email),
        all.flatMap(({ id }) => (id === null ? [] : [id])),
      ),
    async copySuppressed(emails, hashes) {
      await people.copy(emails, [])
      await copyAll('suppressed_hashes', areAmong(sql`(kind, hash)`, hashes))
    },
    async copyHashed() {
      for await (const emails of hashedIn(rehearsed, mailshot)) await people.copy(emails, [])
    },
    async copySend({ id, triggerKey }) {
      const isIt = sql`(id = ${id} OR trigger_key = ${triggerKey})`
      await copyAll('snapshots', sql`hash IN (SELECT snapshot FROM sends WHERE ${isIt})`)
      await copyAll('sends', isIt)
    },
    async copyRecipients(sendId, emails) {
      await copyAll('recipients', sql`send_id = ${sendId} AND ${isAmong(sql`email`, emails)}`)
      await people.copySuppressions(emails)
    },
    async close() {
      await db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function peopleCopier(mailshot: Mailshot, to: Database, copyAll: ReturnType<typeof copier>) {
  const copySuppressions = async (emails: readonly string[]): Promise<void> => {
    const hashers = await hashersInUse(mailshot)
    const hashes = emails.flatMap((email) => hashesOf(hashers, email))
    await copyAll('suppressions', isAmong(sql`email`, emails))
    await copyAll('suppressed_hashes', areAmong(sql`(kind, hash)`, hashes))
  }
  const copy = async (emails: readonly string[], ids: readonly number[]): Promise<void> => {
    await copySuppressions(emails)
    const found = [
      ...(await copyAll('subscribers', isAmong(sql`email`, emails))),
      ...(await copyAll('subscribers', isAmong(sql`id`, ids))),
    ]
    const known = found.map((row) => Number(row['id']))
    await copyAll('subscriptions', isAmong(sql`subscriber_id`, known))
    await copyAll('consents', isAmong(sql`subscriber_id`, known))
    await copyAll('former_ids', isAmong(sql`subscriber_id`, known))
    await copyPauses(mailshot.db, to, known)
  }
  return { copy, copySuppressions }
}

/** Who has paused here, under numbers of their own: the import may note lines, too. */
async function copyPauses(from: Database, to: Database, ids: readonly number[]): Promise<void> {
  const subjects = ids.map((id) => `subscriber:${id}`)
  const rows = await from.all<Row>(sql`
    SELECT subject, action FROM audit
    WHERE ${isAmong(sql`subject`, subjects)} AND action IN ('pause', 'end-pause')`)
  if (rows.length === 0) return
  await to.write(sql`
    INSERT INTO audit (at, actor, action, subject, detail)
    SELECT 0, '', value ->> 'action', value ->> 'subject', '{}' FROM json_each(${JSON.stringify(rows)})`)
}

type Table =
  | 'lists'
  | 'meta'
  | 'suppressions'
  | 'suppressed_hashes'
  | 'subscribers'
  | 'subscriptions'
  | 'consents'
  | 'former_ids'
  | 'snapshots'
  | 'sends'
  | 'recipients'

type Row = Record<string, unknown>

/** Answers the rows that were not there before. */
function copier(from: Database, to: Database) {
  return async (table: Table, which: SQL): Promise<Row[]> => {
    const rows = await from.all<Row>(sql`SELECT * FROM ${sql.raw(table)} WHERE ${which}`)
    const [first] = rows
    if (!first) return []
    const columns = Object.keys(first)
    const values = columns.map((column) => `value ->> '${column}'`)
    const [copied = []] = await to.write<Row>(sql`
      INSERT INTO ${sql.raw(table)} (${sql.raw(columns.join(', '))})
      SELECT ${sql.raw(values.join(', '))} FROM json_each(${JSON.stringify(rows)}) WHERE true
      ON CONFLICT DO NOTHING RETURNING *`)
    return copied
  }
}

/** Those that the import itself would have brought before. */
function closedStatement(lists: readonly string[]): SQL {
  return sql`
    INSERT INTO lists (id, status, title, public, created_at)
    SELECT value, 'closed', '""', 0, 0 FROM json_each(${JSON.stringify(lists)}) WHERE true
    ON CONFLICT DO NOTHING`
}

/** What is new gets numbers behind all that were given, so that none stands in the way of what is brought over later. */
async function leaveNumbersFree(from: Database, to: Database): Promise<void> {
  const last = await from.get<{ person: number; recipient: number; consent: number }>(sql`
    SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'subscribers') AS person,
      (SELECT seq FROM sqlite_sequence WHERE name = 'recipients') AS recipient,
      (SELECT ifnull(max(id), 0) FROM consents) AS consent`)
  await to.write(
    sql`INSERT INTO sqlite_sequence (name, seq)
      VALUES ('subscribers', ${last?.person ?? 0}), ('recipients', ${last?.recipient ?? 0})`,
    sql`INSERT INTO consents (id, subscriber_id, list_id, at, source)
      VALUES (${(last?.consent ?? 0) + 1}, 0, '', 0, '')`,
  )
}

/** The addresses of subscribers here whose hash has come in there, by pages. */
async function* hashedIn(there: Mailshot, { db }: Mailshot): AsyncGenerator<string[]> {
  const hashers = await hashersInUse(there)
  for (let afterId = 0; hashers.length > 0;) {
    const page = await db.all<{ id: number; email: string }>(
      sql`SELECT id, email FROM subscribers WHERE id > ${afterId} ORDER BY id LIMIT ${pageRows}`,
    )
    const last = page.at(-1)
    if (!last) return
    const hashed = page.flatMap(({ email }) =>
      hashesOf(hashers, email).map((one) => [...one, email]),
    )
    const found = await there.db.all<{ email: string }>(sql`
      SELECT j.value ->> 2 AS email FROM json_each(${JSON.stringify(hashed)}) AS j
      JOIN suppressed_hashes AS h ON h.kind = j.value ->> 0 AND h.hash = j.value ->> 1`)
    yield found.map(({ email }) => email)
    afterId = last.id
  }
}

const pageRows = 1000

function isAmong(what: SQL, values: readonly unknown[]): SQL {
  return sql`${what} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

function areAmong(what: SQL, pairs: readonly (readonly string[])[]): SQL {
  return sql`${what} IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(pairs)}))`
}
