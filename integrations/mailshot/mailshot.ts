import { resolve } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import type { Logger } from 'pino'
import { type Database, openDatabase } from '../../db/open.ts'
import { openDatabaseClock } from './clock.ts'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import { claimForSite, reasonToHold, takeOver } from './hold.ts'
import { type LetterTemplate, mirrorTemplates } from './letter/template.ts'
import { mirrorLists } from './list.ts'
import { openLog, tellOfWait } from './log.ts'
import { transportsOf } from './route.ts'
import { secretCheckValue } from './token.ts'

/** What every operation takes first: the site's settings, its database, and the time. */
export interface Mailshot {
  readonly config: MailshotConfig
  readonly db: Database
  readonly log: Logger
  /** Why nothing may be sent from this database; absent when it may. */
  readonly held: string | undefined
  /** The slugs that keep out of the archive by now, whatever they said when they were sent. */
  readonly unlisted: readonly string[]
  /** The database's time in milliseconds; it never goes back, whatever is done to the machine's clock. */
  now(): number
  /** Ends after so many milliseconds of that time, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions {
  /** Make the database when it is missing, and note the site and the secret it belongs to: `mailshot init`. */
  create?: boolean
  /** Accept another site's database, or a backup, as this site's; its open sends are paused. */
  adopt?: boolean
  /** A reason for sending nothing, whatever the database says (`astro dev`). */
  hold?: string
  unlisted?: readonly string[]
  /** The letters that the site words itself, for a process that knows them: they are brought into the database. */
  letters?: readonly LetterTemplate[]
  /** Folders that a redeploy replaces, besides `dist/`: a database inside one is refused. */
  wiped?: string[]
  clock?: Pick<Mailshot, 'now' | 'sleep'>
  log?: Logger
}

/**
 * Opens the database, brings its tables and lists up to date, and checks that it is this site's.
 *
 * @throws MailshotError when the database is missing, or does not know the secret
 */
export async function openMailshot(
  config: MailshotConfig,
  options: OpenOptions = {},
): Promise<Mailshot> {
  const log = options.log ?? openLog('info')
  const db = await openDatabase(config.database, {
    authToken: config.databaseToken,
    create: options.create,
    wiped: [resolve('dist'), ...(options.wiped ?? [])],
    onWait: (error) => tellOfWait(log, error),
  })
  const clock = options.clock
    ? { ...options.clock, stop: () => {} }
    : await openDatabaseClock(db, log)
  try {
    if (options.create) await claimForSite(db, config)
    if (options.adopt) await takeOver(db, config)
    await checkSecret(db, config)
    const mailshot: Mailshot = {
      config,
      db,
      log,
      held: options.hold ?? (await reasonToHold(db, config)),
      unlisted: options.unlisted ?? [],
      now: clock.now,
      sleep: clock.sleep,
      close: async () => {
        clock.stop()
        await db.close()
        await Promise.all(transportsOf(config).map(async (transport) => transport.close?.()))
      },
    }
    await mirrorLists(mailshot)
    if (options.letters) await mirrorTemplates(mailshot, options.letters)
    return mailshot
  } catch (error) {
    clock.stop()
    await db.close()
    throw error
  }
}

/** @throws MailshotError when links cannot be signed, so that nothing may be mailed. */
export function requireSecret(config: MailshotConfig): void {
  if (config.secrets.some((secret) => secret.length < 32)) {
    throw new MailshotError(
      'MAILSHOT_SECRET: the secret that signs the links in mails is shorter than 32 characters; ' +
        'make one with: openssl rand -base64 33',
      { code: 'no-secret' },
    )
  }
  if (config.secrets.length > 0) return
  throw new MailshotError(
    'MAILSHOT_SECRET: the secret that signs the links in mails is missing; ' +
      '"mailshot init" makes one to put into the environment or .env',
    { code: 'no-secret' },
  )
}

/** The first secret ever used is noted by its check value; a new one is accepted only beside a known one. */
async function checkSecret(db: Database, config: MailshotConfig): Promise<void> {
  if (config.secrets.length === 0) return
  requireSecret(config)
  const checks = config.secrets.map((secret) => `secret:${secretCheckValue(secret)}`)
  const known = await db.all<{ key: string }>(sql`SELECT key FROM meta WHERE key LIKE 'secret:%'`)
  const isKnown = known.length === 0 || known.some((row) => checks.includes(row.key))
  if (!isKnown) {
    throw new MailshotError(
      'MAILSHOT_SECRET: this database was made with another secret, so the links in mails already sent would die; ' +
        'put the old one back, or list both, the new one first: MAILSHOT_SECRET=new,old',
    )
  }
  const missing = checks.filter((check) => !known.some((row) => row.key === check))
  if (missing.length === 0) return
  await db.write(
    sql`INSERT INTO audit (at, actor, action, subject, detail)
        SELECT unixepoch() * 1000, 'config', 'add-secret', 'secrets', ${JSON.stringify({ count: missing.length })}
        WHERE ${known.length > 0}`,
    sql`INSERT INTO meta (key, value) SELECT value, '1' FROM json_each(${JSON.stringify(missing)}) WHERE true
        ON CONFLICT DO NOTHING`,
  )
}
