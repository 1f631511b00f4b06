// How fast a CSV of 100,000 rows comes in, and whether memory grows with the file: `npm run bench:import`.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { defineConfig } from '../integrations/mailshot/config.ts'
import { importSubscribers } from '../integrations/mailshot/import.ts'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { csv } from '../integrations/mailshot/sources/csv.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailshot-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

console.log('rows        seconds    rows a second    peak memory')
const small = await measure(25_000)
const large = await measure(100_000)
const again = await measure(100_000, 'again')
console.log(
  `\ntime per row at 100,000 against 25,000: ${ratio(large.seconds / 4, small.seconds)}` +
    `\npeak memory at 100,000 against 25,000:  ${ratio(large.megabytes, small.megabytes)}` +
    `\nthe same file again against the first:  ${ratio(again.seconds, large.seconds)}`,
)

async function measure(rows: number, note = '') {
  const file = join(folder, `people-${rows}.csv`)
  await pipeline(Readable.from(lines(rows)), createWriteStream(file))
  const mailshot = await openMailshot(configFor(rows), { create: true })
  let peak = 0
  const started = performance.now()
  const summary = await importSubscribers(mailshot, csv(file, { fields: ['city', 'plan'] }), {
    actor: 'bench',
    onProgress: () => (peak = Math.max(peak, process.memoryUsage.rss())),
  })
  const seconds = (performance.now() - started) / 1000
  await mailshot.close()
  if (summary.read !== rows || summary.faultCount > 0) throw new Error('not all rows went in')
  const megabytes = peak / 1e6
  const columns = [
    String(rows).padEnd(12),
    seconds.toFixed(1).padEnd(11),
    String(Math.round(rows / seconds)).padEnd(17),
    `${Math.round(megabytes)} MB ${note}`,
  ]
  console.log(columns.join(''))
  return { seconds, megabytes }
}

function* lines(count: number): Generator<string> {
  yield 'email;prenom;nom;langue;listes;statut;city;plan\r\n'
  for (let i = 0; i < count; i++) {
    const lang = i % 2 ? 'fr' : 'en'
    yield `Reader${i}@example${i % 50}.org;Zoé;"Martin ${i}";${lang};weekly,product;actif;"Aix; en ${i}";pro\r\n`
  }
}

function configFor(rows: number) {
  return defineConfig({
    site: 'https://example.org',
    title: 'News',
    from: 'news@example.org',
    postalAddress: '1 High Street',
    database: `file:${join(folder, `${rows}.db`)}`,
    secret: 'a-secret-for-benches-of-at-least-32-characters',
    lists: { weekly: { title: 'Weekly' }, product: { title: 'Products' } },
    fields: { city: {}, plan: { type: 'choice', choices: ['free', 'pro'] } },
    transport: memory(),
  })
}

function ratio(one: number, other: number): string {
  return `${(one / other).toFixed(2)} ×`
}
