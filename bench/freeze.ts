// The start of a large send: how long it takes to freeze its recipients, and whether the event loop gets its turns meanwhile:
// npm run bench:freeze
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import { median, printBar, shown } from './rounds.ts'
import { copyOf, environment, prepareSend } from './send.ts'
import { startSink } from './server.ts'
import { benchSize } from './size.ts'

interface Frozen {
  recipients: number
  seconds: number
  blocked: { longest: number; p99: number }
}

const { mails, rounds } = benchSize({ mails: 1_000_000, rounds: 3 })
const worker = fileURLToPath(new URL('freeze-worker.ts', import.meta.url))
const send = await prepareSend(mails, { frozen: false })
const sink = await startSink()

console.log(
  '\n| recipients | seconds | event loop blocked at most | 99 of 100 turns | peak memory |',
)
console.log('| --- | --- | --- | --- | --- |')
const all: Frozen[] = []
for (let round = 0; round < rounds; round += 1) {
  const { out, peakMegabytes } = await measure(process.execPath, [worker], {
    ...environment,
    BENCH_PORT: String(sink.port),
    MAILSHOT_DATABASE_URL: `file:${copyOf(send)}`,
  })
  const frozen: Frozen = JSON.parse(out)
  const { recipients, seconds, blocked } = frozen
  const cells = [
    `${shown(blocked.longest)} ms`,
    `${shown(blocked.p99)} ms`,
    `${shown(peakMegabytes)} MB`,
  ]
  console.log(`| ${[recipients, shown(seconds), ...cells].join(' | ')} |`)
  if (recipients !== mails) throw new Error(`${recipients} of ${mails} were frozen`)
  all.push(frozen)
}
await sink.stop()

console.log('')
const took = median(all.map(({ seconds }) => seconds))
const longest = median(all.map(({ blocked }) => blocked.longest))
printBar('start of the send', { median: took, text: `${shown(took)} s` }, { atMost: 15 })
printBar('event loop blocked', { median: longest, text: `${shown(longest)} ms` }, { atMost: 50 })
