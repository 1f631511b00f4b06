// The whole pipeline over implicit TLS against the same without it, into the same sink in Node: npm run bench:tls
import { fileURLToPath } from 'node:url'
import { deliverTo } from './deliver.ts'
import { interleave, printBar, printRuns, ratioOf } from './rounds.ts'
import { prepareSend } from './send.ts'
import { startServer } from './server.ts'
import { benchSize } from './size.ts'

const { mails, rounds } = benchSize({ mails: 20_000, rounds: 5 })
const sink = fileURLToPath(new URL('node-sink.ts', import.meta.url))
const certificates = fileURLToPath(new URL('../test/fixtures/tls/', import.meta.url))
const keyAndCertificate = ['test-only-server-key.pem', 'test-only-server.pem'].map(
  (name) => certificates + name,
)
const encryption = { BENCH_TLS: 'implicit', BENCH_CA: `${certificates}test-only-ca.pem` }

const send = await prepareSend(mails)
const plainSink = await startServer(process.execPath, [sink])
const tlsSink = await startServer(process.execPath, [sink, ...keyAndCertificate])

const plain = 'mailshot deliver → sink in Node'
const encrypted = 'the same, implicit TLS'
const runs = await interleave(
  [
    { name: plain, run: () => deliverTo(plainSink, send) },
    { name: encrypted, run: () => deliverTo(tlsSink, send, encryption) },
  ],
  rounds,
)
const taken = await Promise.all([plainSink.stop(), tlsSink.stop()])

printRuns(runs)
printBar('implicit TLS against plain', ratioOf(runs, encrypted, plain), { atLeast: 0.5 })
// The operator's letters come on top.
if (taken.some((count) => Number(count) < mails * rounds)) {
  throw new Error(`the sinks took ${taken.join(' and ')} mails, not ${mails * rounds} each`)
}
