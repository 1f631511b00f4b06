// Whether a large send costs more a mail, or more memory, than a small one: npm run bench:growth
import { join } from 'node:path'
import { deliverTo } from './deliver.ts'
import { interleave, median, printBar, printRuns, rateOf, type Run, shown } from './rounds.ts'
import { benchConfig, folder, prepareSend } from './send.ts'
import { startSink } from './server.ts'
import { benchSize } from './size.ts'
import { readKept, verifyMails } from './verify.ts'

const { mails, rounds } = benchSize({ mails: 1_000_000, rounds: 2 })
const few = await prepareSend(mails / 100)
const many = await prepareSend(mails)
const kept = join(folder, 'kept')
const sink = await startSink({ every: Math.ceil((mails * rounds) / 100), file: kept })

const small = `${few.recipients.toLocaleString('en')} recipients`
const large = `${many.recipients.toLocaleString('en')} recipients`
// The small one takes less than a second, so it is run more often.
const variants = [
  { name: small, run: () => deliverTo(sink, few) },
  { name: large, run: () => deliverTo(sink, many) },
  { name: `${small}, after`, run: () => deliverTo(sink, few) },
]
const runs = await interleave(variants, rounds)
await sink.stop()

printRuns(runs)
const timeOf = (all: Run[]) => median(all.map((run) => 1e6 / rateOf(run)))
const smallRuns = [...(runs[small] ?? []), ...(runs[`${small}, after`] ?? [])]
const growth = timeOf(runs[large] ?? []) / timeOf(smallRuns)
const peak = Math.max(...(runs[large] ?? []).map(({ peakMegabytes = 0 }) => peakMegabytes))
printBar(
  'time a mail, many against few',
  { median: growth, text: `${shown(growth)} ×` },
  { atMost: 1.1 },
)
printBar('peak memory, many', { median: peak, text: `${shown(peak)} MB` }, { atMost: 150 })
await verifyMails(readKept(kept), await benchConfig(), many.compiled)
