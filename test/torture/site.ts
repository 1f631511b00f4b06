import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { type Mailshot, openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { type HranaServer, startHranaServer } from '../hrana-server.ts'
import { addReaders } from '../people.ts'
import settings from './site/mailshot.config.ts'

/** Where all processes run. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
export const configFile = fileURLToPath(new URL('site/mailshot.config.ts', import.meta.url))
export const slug = 'torture'
/** How far away a remote database is. */
export const latencyMs = 20
const secret = 'a-secret-for-torture-of-at-least-32-characters'

export interface Site {
  /** Kept after a violation: the database, the book, the logs. */
  folder: string
  /** What each process wrote. */
  logs: string
  bookFile: string
  /** The test's own look at the database; it starts no worker. */
  mailshot: Mailshot
  /** How many recipients one worker may have in hand. */
  capacity: number
  leaseMs: number
  env: Record<string, string>
  /** The server of a remote database; faults are its caller's to begin. */
  server: HranaServer | undefined
  close(): Promise<void>
}

interface SiteOptions {
  recipients: number
  /** Other people whom the freeze has to look at too. */
  others?: number
  folder?: string | undefined
  remote?: boolean
}

/** A database with so many recipients to come. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { recipients, others = 0, remote = false } = options
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'mailshot-torture-'))
  const file = join(folder, 'mailshot.db')
  const server = remote ? await startHranaServer(file, { latencyMs }) : undefined
  const database = server?.url ?? `file:${file}`
  // A disk that is full has no room for what they say of it.
  const logs = options.folder ? mkdtempSync(join(tmpdir(), 'mailshot-logs-')) : join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  const config = { ...settings, database, secrets: [secret] }
  const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
  for (let from = 1; from <= recipients + others; from += 5000) {
    const here = Math.max(0, Math.min(5000, recipients - from + 1))
    await addReaders(mailshot, here, { from })
    const rest = Math.min(5000, recipients + others - from + 1) - here
    await addReaders(mailshot, rest, { list: 'others', from: from + here })
  }
  return {
    folder,
    logs,
    bookFile: join(folder, 'book.tsv'),
    mailshot,
    capacity: config.transport.parallel * config.transport.batch,
    leaseMs: config.leaseSeconds * 1000,
    env: { MAILSHOT_DATABASE_URL: database, MAILSHOT_SECRET: secret, NO_COLOR: '1' },
    server,
    close: async () => {
      await mailshot.close()
      await server?.close()
    },
  }
}

/** Builds the site as `astro build` does; answers the file that starts its server. */
export async function buildServer(folder: string): Promise<string> {
  const astro = join(root, 'node_modules/astro/bin/astro.mjs')
  // Inside the project, where the packages are found.
  const outDir = join(root, 'test-results', `torture-${process.pid}`)
  const { NODE_ENV: _, VITEST: __, ...env } = process.env
  await promisify(execFile)(
    process.execPath,
    [astro, 'build', '--root', dirname(configFile), '--outDir', outDir],
    {
      cwd: root,
      env: {
        ...env,
        MAILSHOT_DATABASE_URL: `file:${folder}/none.db`,
        ASTRO_TELEMETRY_DISABLED: '1',
      },
    },
  )
  return join(outDir, 'server/entry.mjs')
}

/** The ids that a process has worked under; it gets a new one when its lease ran out. */
export async function workerIds({ mailshot }: Site, pid: number): Promise<string[]> {
  const rows = await mailshot.db.all<{ id: string }>(
    sql`SELECT id FROM workers WHERE pid = ${pid} ORDER BY started_at`,
  )
  return rows.map(({ id }) => id)
}
