import { type SQL, sql } from 'drizzle-orm/sql'
import type { Database } from '../../db/open.ts'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import { holdLettersStatement } from './letter.ts'
import type { Mailshot } from './mailshot.ts'
import { releaseClaimsStatement, strandedStatement } from './recipient/by-hand.ts'
import { holdSendsStatement } from './send/steer.ts'

/** Where a copy keeps when it was made; what is open with it in it is a backup, wherever it was copied to. */
export const backupKey = 'backup'

/** Why nothing may be sent from a database; undefined when it may. */
export async function reasonToHold(
  db: Database,
  config: MailshotConfig,
): Promise<string | undefined> {
  if (config.hold) return 'the config says hold'
  const site = await readMeta(db, 'site')
  if (site === undefined) return 'no site has claimed this database yet; run: mailshot init'
  if (site !== config.site) {
    return (
      `the database belongs to ${site}, the config says ${config.site}; ` +
      'if the site has moved, take it over with: mailshot init --adopt'
    )
  }
  const madeAt = await readMeta(db, backupKey)
  if (madeAt === undefined) return undefined
  return (
    `the database is a backup of ${utc(Number(madeAt))}, and what was mailed since then is not known in it; ` +
    'put it into service with its sends paused: mailshot init --adopt'
  )
}

/**
 * Asks the database itself, since another process may have taken it over after it was opened.
 *
 * @throws MailshotError when nothing may be sent from it
 */
export async function requireService({ held, db, config }: Mailshot): Promise<void> {
  const reason = held ?? (await reasonToHold(db, config))
  if (reason !== undefined) throw new MailshotError(`nothing is sent: ${reason}`)
}

/** Notes the site that a new database belongs to. */
export async function claimForSite(db: Database, config: MailshotConfig): Promise<void> {
  await db.write(
    sql`INSERT INTO meta (key, value) VALUES ('site', ${config.site}) ON CONFLICT DO NOTHING`,
  )
}

/** Makes another site's database, or a backup, this site's; nothing that was open in it goes on by itself. */
export async function takeOver(db: Database, config: MailshotConfig): Promise<void> {
  const isBackup = sql`EXISTS (SELECT 1 FROM meta WHERE key = ${backupKey})`
  const isForeign = sql`(${isBackup} OR
    EXISTS (SELECT 1 FROM meta WHERE key = 'site' AND value <> ${config.site}))`
  await db.write(
    noteStatement('adopt', { to: config.site }, isForeign),
    strandedStatement(isBackup),
    ...holdOpenStatements(takenOver, isForeign),
    sql`DELETE FROM meta WHERE key = ${backupKey}`,
    sql`INSERT INTO meta (key, value) VALUES ('site', ${config.site})
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
}

/**
 * Puts a backup into service, of whatever site: its open sends are paused and its waiting letters kept back, since they may
 * have been mailed after it was made.
 *
 * @param madeAt in milliseconds; undefined where nobody knows
 */
export async function restoreToService(db: Database, madeAt: number | undefined): Promise<void> {
  const what = madeAt === undefined ? 'a copy' : `the backup of ${utc(madeAt)}`
  await db.write(
    noteStatement('restore', { what }, sql`true`),
    strandedStatement(sql`true`),
    ...holdOpenStatements(`${restoredFrom} ${what}`, sql`true`),
    sql`DELETE FROM meta WHERE key = ${backupKey}`,
  )
}

/** Whether a send was paused because its database was restored or taken over. */
export function isTakenOver(reason: string | null): boolean {
  return reason === takenOver || (reason?.startsWith(restoredFrom) ?? false)
}

const takenOver = 'database taken over'
const restoredFrom = 'restored from'

/** Who put a database into service, and what waited in it: recipients of whom nobody knows, letters that are kept back. */
function noteStatement(action: string, detail: Record<string, string>, when: SQL): SQL {
  return sql`INSERT INTO audit (at, actor, action, subject, detail)
    SELECT unixepoch() * 1000, 'command', ${action}, 'database', json_patch(${JSON.stringify(detail)}, json_object(
      'from', (SELECT value FROM meta WHERE key = 'site'),
      'inHand', (SELECT count(*) FROM recipients WHERE status = 'in-hand'),
      'letters', (SELECT count(*) FROM letters WHERE status IN ('pending', 'held', 'in-hand'))))
    WHERE ${when}`
}

function holdOpenStatements(reason: string, when: SQL): SQL[] {
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT unixepoch() * 1000, 'command', 'pause', 'send:' || id, json_object('reason', ${reason})
      FROM sends WHERE status IN ('scheduled', 'preparing', 'running') AND ${when}`,
    holdSendsStatement(reason, when),
    releaseClaimsStatement(when),
    holdLettersStatement(reason, when),
  ]
}

/** A fact that the database keeps about itself. */
export async function readMeta(db: Database, key: string): Promise<string | undefined> {
  const row = await db.get<{ value: string }>(sql`SELECT value FROM meta WHERE key = ${key}`)
  return row?.value
}

/** A time without a zone of anybody's: `2026-11-22 12:00 UTC`. */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
