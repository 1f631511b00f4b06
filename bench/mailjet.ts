// The whole pipeline by Mailjet's API, into a stand-in that checks what Mailjet checks: npm run bench:mailjet
import { fileURLToPath } from 'node:url'
import { mailjetKeys } from '../test/transports/mailjet-server.ts'
import { deliverTo } from './deliver.ts'
import { interleave, medianRate, printBar, printRuns, ratioOf, shown } from './rounds.ts'
import { prepareSend } from './send.ts'
import { type Server, startServer, startSink } from './server.ts'
import { benchSize } from './size.ts'

const { mails, rounds } = benchSize({ mails: 20_000, rounds: 3 })
const script = fileURLToPath(new URL('mailjet-server.ts', import.meta.url))
const certificates = fileURLToPath(new URL('../test/fixtures/tls/', import.meta.url))
const keyAndCertificate = ['test-only-server-key.pem', 'test-only-server.pem'].map(
  (name) => certificates + name,
)
const { apiKey, secretKey } = mailjetKeys
const keys = { MAILJET_API_KEY: apiKey, MAILJET_SECRET_KEY: secretKey }

const send = await prepareSend(mails)
const plain = await startServer(process.execPath, [script])
const tls = await startServer(process.execPath, [script, ...keyAndCertificate])
const drop = await startSink()

const encrypted = 'mailshot deliver → Mailjet’s stand-in'
const bySmtp = 'mailshot deliver → drop sink, by SMTP'
const runs = await interleave(
  [
    { name: encrypted, run: () => deliverBy(tls, `https://localhost:${tls.port}`) },
    {
      name: 'the same, without TLS',
      run: () => deliverBy(plain, `http://127.0.0.1:${plain.port}`),
    },
    { name: bySmtp, run: () => deliverTo(drop, send, { BENCH_CONNECTIONS: '32' }) },
  ],
  rounds,
)
const taken = await Promise.all([tls.stop(), plain.stop()])
await drop.stop()

printRuns(runs)
const rate = medianRate(runs, encrypted)
printBar('by Mailjet', { median: rate, text: `${shown(rate)} a second` }, { atLeast: 2000 })
const ratio = ratioOf(runs, encrypted, bySmtp)
console.log(`against SMTP in the same minutes: ${ratio.text}`)
// The operator has letters of each round, which count as one address more.
for (const text of taken) {
  const [messages = 0, addresses = 0] = text.trim().split(' ').map(Number)
  if (addresses !== mails + 1 || messages < mails * rounds) {
    throw new Error(`a stand-in took ${messages} messages to ${addresses} addresses`)
  }
  console.log(`verified: ${messages} messages passed its checks, to ${addresses} addresses`)
}

function deliverBy(server: Server, endpoint: string) {
  return deliverTo(server, send, {
    BENCH_MAILJET: endpoint,
    NODE_EXTRA_CA_CERTS: `${certificates}test-only-ca.pem`,
    ...keys,
  })
}
