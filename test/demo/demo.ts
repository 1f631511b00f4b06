// What a new user sees first: the example site with its sender, and a campaign of this repository on its way to 300
// invented people, by the very commands one would type, through a real SMTP server on this machine. `--once` ends by
// itself: it also leaves by the links of real mails, sends a second campaign, and says by its exit code whether everything
// went as it should. Its own test makes it smaller and faster with the other options.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { startSmtpServer } from '../smtp-server.ts'
import { asCsv, inventPeople, type Person } from './invented-people.ts'
import { leave, type Leaving } from './leave.ts'
import { startMailbox } from './mailbox.ts'
import { mailshot } from './mailshot-process.ts'
import { buildSite, portNear, type Site, startSite } from './site.ts'
import { type Finding, verify } from './verify.ts'

const slug = '2026-10-automne'
const nextSlug = '2026-09-rentree'
const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    people: { type: 'string', default: '300' },
    pace: { type: 'string', default: '20/second' },
    folder: { type: 'string', default: '.demo' },
  },
})
const { once, folder } = options
const people = inventPeople(Number(options.people))

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

const smtp = await startSmtpServer()
const mailbox = await startMailbox(smtp, 4323)
const port = await portNear(4321)
const siteUrl = `http://127.0.0.1:${port}`
let site: Site | undefined
try {
  process.exitCode = await run()
} finally {
  await site?.stop()
  await mailbox.close()
  await smtp.close()
}

async function run(): Promise<number> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/people.csv`, asCsv(people))
  const env = environment()
  // The packages of what is built are found from inside the project only.
  if (!(await buildSite('.demo/site', env))) return 2
  if (!(await runAll(env, prepareSteps()))) return 2
  site = await startSite('.demo/site', env)
  showAddresses()
  const isSent = await runAll(env, sendSteps(slug))
  if (stop.signal.aborted) return 130
  const isRight = isSent && reportMails(await verify(smtp.messages, people, `campaigns/${slug}`))
  if (once) return (await leaveAndSendAgain(env)) && isRight ? 0 : 2
  showAddresses()
  console.log('Look around; Ctrl-C ends the demo.')
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
  return isRight ? 0 : 2
}

function prepareSteps(): string[][] {
  return [
    ['init', '--quiet'],
    ['import', `${folder}/people.csv`, '--list', 'weekly'],
    ['check', slug],
  ]
}

/** The site's own sender mails it meanwhile. */
function sendSteps(campaign: string): string[][] {
  return [
    ['send', campaign, '--yes'],
    ['status', campaign, '--watch'],
  ]
}

async function runAll(env: Record<string, string>, steps: string[][]): Promise<boolean> {
  for (const step of steps) {
    if (stop.signal.aborted || (await mailshot(step, env)) !== 0) return false
  }
  return true
}

/** Three readers leave by the links of their mails; the next send skips them, and nobody else. */
async function leaveAndSendAgain(env: Record<string, string>): Promise<boolean> {
  const leaving = await leave(smtp.messages, people)
  const before = smtp.messages.length
  const isSent = await runAll(env, sendSteps(nextSlug))
  const reached = new Set(
    smtp.messages
      .slice(before)
      .filter((mail) => mail.header('List-Id') !== undefined)
      .flatMap((mail) => mail.envelope.to),
  )
  return reportLeaving(leaving, reached) && isSent
}

/** The example site's settings take everything from the environment. */
function environment(): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(port),
    SITE_URL: siteUrl,
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_TLS: 'none',
    SMTP_USER: '',
    MAILSHOT_PACE: options.pace,
    MAILSHOT_DATABASE_URL: `file:${folder}/mailshot.db`,
    MAILSHOT_SECRET: randomBytes(33).toString('base64url'),
    MAILSHOT_REDIRECT_TO: '',
    MAILSHOT_HOLD: '',
    MAILSHOT_SENDER: '',
  }
}

function showAddresses(): void {
  const addresses = [
    ['the site', siteUrl],
    ['sign up', `${siteUrl}/mailshot/subscribe`],
    ['previews', `${siteUrl}/mailshot/preview/${slug}`],
    ['archive', `${siteUrl}/newsletters`],
    ['mailbox', mailbox.url],
  ] as const
  const lines = addresses.map(
    ([name, url]) => `  ${name.padEnd(9)} ${styleText(['bold', 'underline'], url)}`,
  )
  console.log(`\n${lines.join('\n')}\n`)
}

function reportMails(findings: Finding[]): boolean {
  console.log()
  for (const { what, found } of findings) {
    const count = `${String(found).padStart(4)} of ${people.length}`
    console.log(`${mark(found === people.length)} ${count} ${what}`)
  }
  return findings.every(({ found }) => found === people.length)
}

function reportLeaving({ left, attempts }: Leaving, reached: ReadonlySet<string>): boolean {
  const isSkipped = ({ email }: Person) => left.includes(email) && !reached.has(email)
  const isReached = ({ email }: Person) => !left.includes(email) && reached.has(email)
  const skips = `the next send skips all ${left.length}, and mails the other ${people.length - left.length}`
  const isRight = people.every((person) => isSkipped(person) || isReached(person))
  const all = [...attempts, { what: skips, isRight }]
  console.log()
  for (const attempt of all) console.log(`${mark(attempt.isRight)} ${attempt.what}`)
  return all.every((attempt) => attempt.isRight)
}

function mark(isRight: boolean): string {
  return isRight ? styleText('green', '✔') : styleText('red', '✘')
}
