// How long readers wait who leave while the sender in the same process mails at full speed: npm run bench:unsubscribe
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import type { MailshotConfig } from '../integrations/mailshot/config.ts'
import { linkTo, signToken } from '../integrations/mailshot/token.ts'
import { printBar, shown } from './rounds.ts'
import { benchConfig, copyOf, environment, prepareSend } from './send.ts'
import { freePort } from '../test/free-port.ts'
import { startSink } from './server.ts'
import { buildSite, startSite } from './site-process.ts'
import { benchSize } from './size.ts'

const requests = 1000
const { mails } = benchSize({ mails: 300_000, rounds: 1 })
const port = await freePort()
const site = `http://127.0.0.1:${port}`
const entry = await buildSite()
const send = await prepareSend(mails, { site })
const database = copyOf(send)
const sink = await startSink()
const server = await startSite(entry, {
  ...environment,
  HOST: '127.0.0.1',
  PORT: String(port),
  SITE_URL: site,
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: String(sink.port),
  SMTP_TLS: 'none',
  MAILSHOT_PACE: 'fast',
  MAILSHOT_DATABASE_URL: `file:${database}`,
  MAILSHOT_LOG: 'warn',
})

const config = { ...(await benchConfig()), site }
// The sender is at its full speed by then.
await setTimeout(1000)
const before = await readCounts(database)
const started = performance.now()
const times: number[] = []
for (let n = 0; n < requests; n += 1) {
  times.push(await leave(config, mails - n))
  await setTimeout(5)
}
const seconds = (performance.now() - started) / 1000
const after = await readCounts(database)
const ended = once(server, 'exit')
server.kill()
await ended
await sink.stop()

if (after.sent === mails - after.left)
  throw new Error('the send was over too soon: say more --mails')
if (after.left < requests) throw new Error(`${after.left} of ${requests} have left`)
const sorted = times.toSorted((a, b) => a - b)
const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
const rate = (after.sent - before.sent) / seconds
console.log(`\n${requests} unsubscriptions while ${shown(rate)} mails a second went out, in ms:`)
console.log('\n| median | p95 | p99 | longest |\n| --- | --- | --- | --- |')
console.log(`| ${[at(0.5), at(0.95), at(0.99), at(1)].map(shown).join(' | ')} |\n`)
printBar(
  'p99 of an unsubscription',
  { median: at(0.99), text: `${shown(at(0.99))} ms` },
  { atMost: 50 },
)

/** The POST that a mail service makes (RFC 8058 §3.2). Answers how long it took, in milliseconds. */
async function leave(settings: MailshotConfig, reader: number): Promise<number> {
  const url = linkTo(
    settings,
    'unsubscribe',
    signToken(settings.secrets, 'unsubscribe', [reader, reader]),
  )
  const asked = performance.now()
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
  })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`the site answered ${answer.status}`)
  return performance.now() - asked
}

async function readCounts(file: string): Promise<{ sent: number; left: number }> {
  const client = createClient({ url: `file:${file}`, timeout: 5000 })
  const { rows } = await client.execute(
    `SELECT (SELECT sum(sent) FROM sends) AS sent,
      (SELECT count(*) FROM subscriptions WHERE status = 'unsubscribed') AS gone`,
  )
  client.close()
  return { sent: Number(rows[0]?.['sent']), left: Number(rows[0]?.['gone']) }
}
