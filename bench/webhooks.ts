// How many events a second the built site stores while its sender mails at full speed: npm run bench:webhooks
import { once } from 'node:events'
import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type Client, createClient } from '@libsql/client'
import { webhookKey, webhookUrl } from '../integrations/mailshot/webhook/address.ts'
import { freePort } from '../test/free-port.ts'
import { personOf } from './people.ts'
import { printBar, shown } from './rounds.ts'
import { benchConfig, copyOf, environment, prepareSend } from './send.ts'
import { cpuSecondsOf, startSink } from './server.ts'
import { buildSite, startSite } from './site-process.ts'
import { benchSize } from './size.ts'

/** As SparkPost sends them, at most. */
const bodySize = 350
const bodies = 200
/** Of twenty events. */
const types = [
  ...Array<string>(15).fill('delivered'),
  'opened',
  'opened',
  'opened',
  'clicked',
  'bounced',
]
/** Bodies at once: providers do not wait for one before they send the next. */
const parallel = 4
const { mails } = benchSize({ mails: 400_000, rounds: 1 })
const port = await freePort()
const site = `http://127.0.0.1:${port}`
const entry = await buildSite()
const send = await prepareSend(mails, { site })
const database = copyOf(send)
// What comes back is about mails that were sent; the sender mails the others.
const mailed = Math.floor(mails / 4)
await onDatabase((client) =>
  client.execute(`UPDATE recipients SET status = 'sent', tries = 1, in_hand_at = unixepoch() * 1000,
    settled_at = unixepoch() * 1000 WHERE id <= ${mailed}`),
)
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
const [url, key] = [webhookUrl(config, 'generic'), webhookKey(config)]
const secret = Buffer.from(key.replace('whsec_', ''), 'base64')

// The sender is at its full speed by then.
await setTimeout(2000)
const start = await readCounts()
const alone = await rateOf(start, 3000)
const given = Array.from({ length: bodies }, (_, n) => bodyOf(n, start.send))
const before = await readCounts()
const started = performance.now()
const cpuStarted = cpuSecondsOf(server.pid ?? 0)
const watching = new AbortController()
const looks = lookOften(watching.signal)
const answers: number[] = []
await Promise.all(Array.from({ length: parallel }, () => postAll()))
const seconds = (performance.now() - started) / 1000
const cpuSeconds = cpuSecondsOf(server.pid ?? 0) - cpuStarted
watching.abort()
const after = await readCounts()
const waits = await looks
const whole = await post(bodyOf(bodies, start.send, 10_000))
const end = await readCounts()
const ended = once(server, 'exit')
server.kill()
await ended
await sink.stop()

const stored = after.events - before.events
if (stored !== bodies * bodySize) throw new Error(`${stored} of ${bodies * bodySize} were stored`)
if (end.events - after.events !== 10_000) throw new Error('a large body was not stored whole')
if (after.sent === mails) throw new Error('the send was over too soon: say more --mails')
const rate = stored / seconds
const mailRate = (after.sent - before.sent) / seconds
console.log(`\n${stored} events in bodies of ${bodySize}, ${parallel} at once, while a send runs:`)
console.log('\n| | |\n| --- | --- |')
console.log(`| events a second | ${shown(rate)} |`)
console.log(
  `| CPU of the site an event, mails and all | ${shown((cpuSeconds / stored) * 1e6)} µs |`,
)
console.log(`| mails a second meanwhile | ${shown(mailRate)} (${shown(alone)} alone) |`)
console.log(
  `| a body, median and p99 | ${shown(at(answers, 0.5))} and ${shown(at(answers, 0.99))} ms |`,
)
console.log(
  `| another request, median and p99 | ${shown(at(waits, 0.5))} and ${shown(at(waits, 0.99))} ms |`,
)
console.log(`| 10,000 events in one body | ${shown(whole)} ms |\n`)
printBar('events a second', { median: rate, text: shown(rate) }, { atLeast: 5000 })

async function postAll(): Promise<void> {
  for (let body = given.pop(); body; body = given.pop()) answers.push(await post(body))
}

/** Answers how long it took, in milliseconds. */
async function post(body: string): Promise<number> {
  const asked = performance.now()
  const [id, time] = [randomUUID(), Math.floor(Date.now() / 1000)]
  const signature = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': `${time}`,
      'webhook-signature': `v1,${signature}`,
    },
  })
  if (answer.status !== 200) throw new Error(`the site answered ${answer.status}`)
  return performance.now() - asked
}

/** How long somebody else waits meanwhile. */
async function lookOften(signal: AbortSignal): Promise<number[]> {
  const times: number[] = []
  while (!signal.aborted) {
    const asked = performance.now()
    await (await fetch(url)).arrayBuffer()
    times.push(performance.now() - asked)
    await setTimeout(20)
  }
  return times
}

/** Mostly deliveries, of people one after the other, as they come in while a send runs. */
function bodyOf(n: number, sendId: string, size = bodySize): string {
  const events = Array.from({ length: size }, (_, index) => {
    const place = n * bodySize + index
    const reader = 1 + (place % mailed)
    const type = types[place % types.length] ?? 'delivered'
    return {
      type,
      at: Date.now(),
      recipient: personOf(reader).email,
      ourId: `${sendId}.${reader}`,
      providerEventId: randomUUID(),
      ...(type === 'bounced' && { class: 'soft', about: 'mailbox', reason: '452 4.2.2 full' }),
      ...(type === 'clicked' && { url: `https://example.org/${place % 20}` }),
      raw: { event: type, said: 'x'.repeat(600) },
    }
  })
  return JSON.stringify(events)
}
interface Counts {
  send: string
  sent: number
  events: number
}

async function readCounts(): Promise<Counts> {
  const { rows } = await onDatabase((client) =>
    client.execute('SELECT id, sent, (SELECT count(*) FROM events) AS events FROM sends'),
  )
  const [row] = rows
  const id = row?.['id']
  if (typeof id !== 'string') throw new Error('there is no send')
  return { send: id, sent: Number(row?.['sent']), events: Number(row?.['events']) }
}

async function onDatabase<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = createClient({ url: `file:${database}`, timeout: 5000 })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

async function rateOf(from: Counts, ms: number): Promise<number> {
  await setTimeout(ms)
  return (((await readCounts()).sent - from.sent) / ms) * 1000
}

function at(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(share * times.length) - 1] ?? 0
}
