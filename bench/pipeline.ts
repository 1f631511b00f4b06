// The whole pipeline (claim, compose, SMTP, settle) against what smtp-source and a bare nodemailer pool do: npm run bench:pipeline
import { join } from 'node:path'
import { deliverTo } from './deliver.ts'
import { barePool, smtpSource } from './reference.ts'
import { interleave, medianRate, printBar, printRuns, ratioOf, shown } from './rounds.ts'
import { benchConfig, folder, prepareSend } from './send.ts'
import { hasPostfix, startSink, startSmtpSink } from './server.ts'
import { benchSize } from './size.ts'
import { readKept, verifyMails } from './verify.ts'

const { mails, rounds } = benchSize({ mails: 30_000, rounds: 5 })
const send = await prepareSend(mails)
const kept = join(folder, 'kept')
const drop = await startSink({ every: Math.ceil((mails * rounds) / 100), file: kept })
const withPostfix = hasPostfix()
const smtpSink = withPostfix ? await startSmtpSink() : undefined

const pipeline = 'mailshot deliver → smtp-sink'
const source = 'smtp-source, 8 sessions → smtp-sink'
const pool = 'bare nodemailer pool → smtp-sink'
const dropped = 'mailshot deliver → drop sink'
// A commit settles what has come, and has a cost of its own: over more connections it settles more.
const wide = { BENCH_CONNECTIONS: '32' }
const runs = await interleave(
  [
    ...(smtpSink
      ? [
          { name: source, run: () => smtpSource(smtpSink, send, mails) },
          { name: pipeline, run: () => deliverTo(smtpSink, send, wide) },
          { name: pool, run: () => barePool(smtpSink, Math.ceil(mails / 20)) },
        ]
      : []),
    { name: dropped, run: () => deliverTo(drop, send, { BENCH_CONNECTIONS: '64' }) },
  ],
  rounds,
)
await smtpSink?.stop()
await drop.stop()

printRuns(runs)
if (smtpSink) {
  printBar('whole pipeline against smtp-source', ratioOf(runs, pipeline, source), { atLeast: 0.9 })
  printBar('against a bare nodemailer pool', ratioOf(runs, pipeline, pool), { atLeast: 9 })
}
const rate = medianRate(runs, dropped)
const perSecond = { median: rate, text: `${shown(rate)} a second` }
printBar('into the drop sink', perSecond, { atLeast: 12_000 })
await verifyMails(readKept(kept), await benchConfig(), send.compiled)
