// A CSV of a million rows against the bare insert of the same rows, and whether others get their turn: npm run bench:import
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { configFor } from './import/config.ts'
import { csvLines } from './import/rows.ts'
import { measure } from './measure.ts'
import { interleave, median, printBar, ratioOf, type Run, type Runs, shown } from './rounds.ts'
import { folder } from './send.ts'
import { benchSize } from './size.ts'

const { mails: rows, rounds } = benchSize({ mails: 1_000_000, rounds: 1 })
const few = rows / 10
const waits: number[] = []
let made = 0

const names = { import: 'mailshot import', bare: 'bare insert', few: `import of ${few} rows` }
const runs = await interleave(
  [
    { name: names.few, run: () => importRows(few) },
    { name: names.bare, run: () => insertRows(rows) },
    { name: names.import, run: () => importRows(rows, waits) },
  ],
  rounds,
)

printRows(runs)
const [longest = 0] = waits.toSorted((a, b) => b - a)
const usual = median(waits)
const peak = (name: string) => Math.max(...(runs[name] ?? []).map((run) => run.peakMegabytes ?? 0))
const growth = peak(names.import) / peak(names.few)
const seconds = median((runs[names.import] ?? []).map((run) => run.seconds))
printBar(`seconds for ${rows} rows`, { median: seconds, text: shown(seconds) }, { atMost: 60 })
printBar('rows a second against the bare insert', ratioOf(runs, names.import, names.bare), {
  atLeast: 0.8,
})
printBar('memory, all against a tenth', { median: growth, text: shown(growth) }, { atMost: 1.2 })
printBar(
  `another process meanwhile: look up a person and write a line (usually ${shown(usual)} ms), at most`,
  { median: longest, text: `${shown(longest)} ms` },
  { atMost: 1000 },
)

/** Imports into a new database, by a process of its own; `told` gets what another process waited for meanwhile. */
async function importRows(count: number, told?: number[]): Promise<Run> {
  const file = join(folder, `people-${count}.csv`)
  await pipeline(Readable.from(csvLines(count)), createWriteStream(file))
  const database = `file:${join(folder, `import-${(made += 1)}.db`)}`
  const mailshot = await openMailshot(configFor(database), { create: true })
  const ended = new AbortController()
  const waiting = told && answerMeanwhile(mailshot, told, ended.signal)
  try {
    const run = await measured('run.ts', [database, file])
    return { mails: count, ...run }
  } finally {
    ended.abort()
    await waiting
    await mailshot.close()
  }
}

async function insertRows(count: number): Promise<Run> {
  const path = join(folder, `bare-${(made += 1)}.db`)
  const mailshot = await openMailshot(configFor(`file:${path}`), { create: true })
  await mailshot.close()
  return { mails: count, ...(await measured('bare.ts', [path, String(count)])) }
}

async function measured(script: string, args: string[]) {
  const path = fileURLToPath(new URL(`import/${script}`, import.meta.url))
  const {
    out,
    seconds: whole,
    cpuSeconds,
    peakMegabytes,
  } = await measure(process.execPath, [path, ...args])
  const own = Number(out)
  return { seconds: own, startSeconds: whole - own, cpuSeconds, peakMegabytes }
}

/** What a page of the site does that knows its reader, every 20 ms. */
async function answerMeanwhile(
  { db, now }: Awaited<ReturnType<typeof openMailshot>>,
  told: number[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const from = performance.now()
    await db.get(sql`SELECT id FROM subscribers WHERE email = 'nobody@example.org'`)
    await db.write(
      sql`INSERT INTO audit (at, actor, action, subject, detail) VALUES (${now()}, 'b', 'b', 'b', '{}')`,
    )
    told.push(performance.now() - from)
    await setTimeout(20)
  }
}

function printRows(all: Runs): void {
  console.log('\n| variant | rows a second | seconds | CPU a row | peak memory |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const [name, some] of Object.entries(all)) {
    const of = (pick: (run: Run) => number) => shown(median(some.map(pick)))
    const cells = [
      of((run) => run.mails / run.seconds),
      of((run) => run.seconds),
      `${of((run) => ((run.cpuSeconds ?? 0) / run.mails) * 1e6)} µs`,
      `${of((run) => run.peakMegabytes ?? 0)} MB`,
    ]
    console.log(`| ${[name, ...cells].join(' | ')} |`)
  }
  console.log('')
}
