// The whole pipeline over 100 connections to a relay that is 100 ms away and back: npm run bench:latency
import { join } from 'node:path'
import { deliverTo } from './deliver.ts'
import { interleave, medianRate, printBar, printRuns, shown } from './rounds.ts'
import { benchConfig, folder, prepareSend } from './send.ts'
import { startDelay, startSink } from './server.ts'
import { benchSize } from './size.ts'
import { readKept, verifyMails } from './verify.ts'

const { mails, rounds } = benchSize({ mails: 20_000, rounds: 3 })
const send = await prepareSend(mails)
const kept = join(folder, 'kept')
const drop = await startSink({ every: Math.ceil((mails * rounds) / 100), file: kept })
const near = await startDelay(drop.port, 10)
const far = await startDelay(drop.port, 50)

const at20 = '20 ms, 20 connections'
const at100 = '100 ms, 100 connections'
const runs = await interleave(
  [
    { name: at20, run: () => deliverTo(near, send, { BENCH_CONNECTIONS: '20' }) },
    { name: at100, run: () => deliverTo(far, send, { BENCH_CONNECTIONS: '100' }) },
  ],
  rounds,
)
await Promise.all([near.stop(), far.stop()])
await drop.stop()

printRuns(runs)
console.log('(the sink’s CPU is the proxy’s here)')
const rate = medianRate(runs, at100)
printBar('100 ms round trip', { median: rate, text: `${shown(rate)} a second` }, { atLeast: 850 })
await verifyMails(readKept(kept), await benchConfig(), send.compiled)
