// What a new user sees first: a campaign of this repository on its way to 300 invented people, by the very commands one
// would type, through a real SMTP server on this machine. `--once` ends after the send and says by its exit code whether
// every mail arrived as it should. Its own test makes it smaller and faster with the other options.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { sql } from 'drizzle-orm/sql'
import { openDatabase } from '../../db/open.ts'
import { startSmtpServer } from '../smtp-server.ts'
import { asCsv, inventPeople } from './invented-people.ts'
import { type Mailbox, startMailbox } from './mailbox.ts'
import { mailshot } from './mailshot-process.ts'
import { type Finding, verify } from './verify.ts'

const slug = '2026-10-automne'
const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    people: { type: 'string', default: '300' },
    pace: { type: 'string', default: '20/second' },
    folder: { type: 'string', default: '.demo' },
  },
})
const { once, folder } = options
const database = `file:${folder}/mailshot.db`
const people = inventPeople(Number(options.people))

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

const smtp = await startSmtpServer()
const mailbox = await startMailbox(smtp, { port: 4323, readMedia })
try {
  process.exitCode = await run()
} finally {
  await mailbox.close()
  await smtp.close()
}

async function run(): Promise<number> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/people.csv`, asCsv(people))
  say(`A mail server listens on port ${smtp.port}, and its mailbox is at`, mailbox)
  const isDone = await sendTheCampaign(environment())
  if (stop.signal.aborted) return 130
  const isRight = isDone && report(await verify(smtp.messages, people, `campaigns/${slug}`))
  if (once) return isRight ? 0 : 2
  say('Look at the mails; Ctrl-C ends the demo.', mailbox)
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
  return isRight ? 0 : 2
}

async function sendTheCampaign(env: Record<string, string>): Promise<boolean> {
  const steps = [
    ['init', '--quiet'],
    ['import', `${folder}/people.csv`, '--list', 'weekly'],
    ['check', slug],
    ['send', slug, '--yes'],
    ['deliver', '--until-done'],
    ['status', slug],
  ]
  for (const step of steps) {
    if ((await mailshot(step, env)) !== 0) return false
  }
  return true
}

/** The example site's settings take everything from the environment. */
function environment(): Record<string, string> {
  return {
    SITE_URL: mailbox.url,
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_TLS: 'none',
    SMTP_USER: '',
    MAILSHOT_PACE: options.pace,
    MAILSHOT_DATABASE_URL: database,
    MAILSHOT_SECRET: randomBytes(33).toString('base64url'),
    MAILSHOT_REDIRECT_TO: '',
    MAILSHOT_HOLD: '',
  }
}

async function readMedia(hash: string) {
  const db = await openDatabase(database)
  try {
    const row = await db.get<{ type: string; bytes: ArrayBuffer }>(
      sql`SELECT type, bytes FROM media WHERE hash = ${hash}`,
    )
    return row && { type: row.type, bytes: new Uint8Array(row.bytes) }
  } finally {
    db.close()
  }
}

function report(findings: Finding[]): boolean {
  console.log()
  for (const { what, found } of findings) {
    const mark = found === people.length ? styleText('green', '✔') : styleText('red', '✘')
    console.log(`${mark} ${String(found).padStart(4)} of ${people.length} ${what}`)
  }
  return findings.every(({ found }) => found === people.length)
}

function say(text: string, { url }: Mailbox): void {
  console.log(`\n${text}\n  ${styleText(['bold', 'underline'], url)}\n`)
}
