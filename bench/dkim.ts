// The whole pipeline with every mail signed (DKIM, RSA-2048), against smtp-source: npm run bench:dkim
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deliverTo } from './deliver.ts'
import { smtpSource } from './reference.ts'
import { interleave, printBar, printRuns, ratioOf } from './rounds.ts'
import { benchConfig, folder, prepareSend } from './send.ts'
import { hasPostfix, startSink, startSmtpSink } from './server.ts'
import { benchSize } from './size.ts'
import { readKept, verifyMails } from './verify.ts'

const { mails, rounds } = benchSize({ mails: 20_000, rounds: 5 })
const key = join(folder, 'dkim.pem')
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
writeFileSync(key, privateKey)
const signing = { BENCH_DKIM_KEY: key }

const send = await prepareSend(mails)
const kept = join(folder, 'kept')
const drop = await startSink({ every: Math.ceil((mails * rounds) / 100), file: kept })
const smtpSink = hasPostfix() ? await startSmtpSink() : undefined

const source = 'smtp-source, 8 sessions → smtp-sink'
const plain = 'mailshot deliver → smtp-sink'
const signed = 'the same, signed'
const dropped = 'signed → drop sink'
const runs = await interleave(
  [
    ...(smtpSink
      ? [
          { name: source, run: () => smtpSource(smtpSink, send, mails) },
          { name: plain, run: () => deliverTo(smtpSink, send) },
          { name: signed, run: () => deliverTo(smtpSink, send, signing) },
        ]
      : []),
    { name: dropped, run: () => deliverTo(drop, send, signing) },
  ],
  rounds,
)
await smtpSink?.stop()
await drop.stop()

printRuns(runs)
if (smtpSink) {
  printBar('signed, against smtp-source', ratioOf(runs, signed, source), { atLeast: 0.5 })
  console.log(`signed, against unsigned: ${ratioOf(runs, signed, plain).text}`)
}
const mailsKept = readKept(kept)
if (!mailsKept.every(({ raw }) => /^DKIM-Signature:/m.test(raw.toString('latin1')))) {
  throw new Error('not every mail was signed')
}
await verifyMails(mailsKept, await benchConfig(), send.compiled)
