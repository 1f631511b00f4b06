// Conditions on readers: how long it takes to count those of a large list of whom one is true, for each kind of condition, and to freeze
// a send that has one: npm run bench:segment
import { fileURLToPath } from 'node:url'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { type Mailshot, openMailshot } from '../integrations/mailshot/mailshot.ts'
import { countAudience, startSend } from '../integrations/mailshot/send.ts'
import { measure } from './measure.ts'
import { addPeople } from './people.ts'
import { median, printBar, shown } from './rounds.ts'
import { benchConfig, compileBenchCampaign, environment, folder } from './send.ts'
import { startSink } from './server.ts'
import { benchSize } from './size.ts'

const conditions = [
  undefined,
  'lang = fr',
  'city = Nîmes',
  'city contains an or firstname in (Zoé, Inès) or lastname starts with "Du"',
  'subscribed weekly within 30 days',
  'not received old',
  'opened within 90 days',
  'city = Orléans and lang = fr and not opened old within 90 days',
]
/** What the freeze selects by: the worker's own settings know nobody by name. */
const frozenBy = 'lang = fr and city in (Nîmes, Orléans, Paris) and received old'
const excluded = ['plan = libre']

const { mails, rounds } = benchSize({ mails: 1_000_000, rounds: 3 })
const url = `file:${folder}/segment.db`
const config = { ...(await benchConfig()), database: url, tracking: { individual: true } }
const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
await addPeople(mailshot, mails)
await addPast(mailshot)

console.log('\n| condition | readers | of | seconds | of them CPU | event loop blocked at most |')
console.log('| --- | --- | --- | --- | --- | --- |')
const slowest: number[] = []
const blocked: number[] = []
for (const segment of conditions) {
  const all = []
  for (let round = 0; round < rounds; round += 1) all.push(await countOnce(segment))
  const [first] = all
  const seconds = median(all.map((one) => one.seconds))
  const cpu = median(all.map((one) => one.cpu))
  const longest = median(all.map((one) => one.longest))
  slowest.push(seconds)
  blocked.push(longest)
  const cells = [
    segment ?? '(all)',
    first?.readers,
    first?.of,
    shown(seconds),
    shown(cpu),
    `${shown(longest)} ms`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
const { compiled, media } = await compileBenchCampaign(config)
await startSend(mailshot, compiled, media, { actor: 'bench', segment: frozenBy, exclude: excluded })
await mailshot.close()

const sink = await startSink()
const worker = fileURLToPath(new URL('freeze-worker.ts', import.meta.url))
const { out } = await measure(process.execPath, [worker], {
  ...environment,
  BENCH_PORT: String(sink.port),
  MAILSHOT_DATABASE_URL: url,
})
await sink.stop()
const frozen: { recipients: number; seconds: number } = JSON.parse(out)
console.log(
  `\nfrozen by "${frozenBy}" without "${excluded.join()}": ${frozen.recipients} of ${mails}\n`,
)

const most = Math.max(...slowest)
const longest = Math.max(...blocked)
printBar('slowest count', { median: most, text: `${shown(most)} s` }, { atMost: 2 })
printBar('event loop blocked', { median: longest, text: `${shown(longest)} ms` }, { atMost: 50 })
printBar('freeze', { median: frozen.seconds, text: `${shown(frozen.seconds)} s` }, { atMost: 15 })

async function countOnce(segment: string | undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const from = performance.now()
  const used = process.cpuUsage()
  const people = await countAudience(mailshot, {
    slug: 'new',
    hash: 'new',
    lists: ['weekly'],
    segment,
  })
  const seconds = (performance.now() - from) / 1000
  const { user, system } = process.cpuUsage(used)
  delays.disable()
  return { ...people, seconds, cpu: (user + system) / 1e6, longest: delays.max / 1e6 }
}

/** A send of `old` to nine of ten, a third of whom may be counted by name, and half of those opened it in the last year. */
async function addPast({ db, now }: Mailshot): Promise<void> {
  const day = 86_400_000
  await db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES ('old', 'old', '{}', 1)`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
        VALUES ('old1', 'old', 'old', 'old', '["weekly"]', 'old', 'first', 'done', 1, 1)`,
    sql`UPDATE subscribers SET lang = 'en' WHERE id % 5 = 0`,
    sql`UPDATE subscribers SET tracking_agreed_at = 1 WHERE id % 3 = 0`,
  )
  for (let above = 0; above < mails; above += 50_000) {
    const slice = sql`id > ${above} AND id <= ${above + 50_000}`
    await db.write(
      sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status, settled_at)
          SELECT 'old1', id, email, written, '["weekly"]', 'sent', ${now() - 30 * day}
          FROM subscribers WHERE ${slice} AND id % 10 <> 0`,
      sql`INSERT INTO events (key, transport, type, word, at, received_at, email, raw, send_id)
          SELECT 'open' || id, 'mailshot', 'opened', '', ${now()} - (id % 365) * ${day}, 1, email, '{}', 'old1'
          FROM subscribers WHERE ${slice} AND id % 6 = 0`,
    )
  }
}
