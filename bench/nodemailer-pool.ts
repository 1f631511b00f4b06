// A bare nodemailer pool that composes and sends the benches' mails: node nodemailer-pool.ts PORT MAILS. No database, no
// claims, nothing remembered: what a script of twenty lines would do.
import { createTransport } from 'nodemailer'
import { benchConfig, compileBenchCampaign } from './send.ts'
import { messageFor } from './verify.ts'

const connections = 10
const [port = 0, mails = 0] = process.argv.slice(2).map(Number)
const config = await benchConfig()
const { compiled } = await compileBenchCampaign(config)
const pool = createTransport({
  pool: true,
  host: '127.0.0.1',
  port,
  ignoreTLS: true,
  maxConnections: connections,
  maxMessages: Infinity,
})

let next = 1
const started = performance.now()
// Twice as many under way as there are connections, so that one is composed while another is on the wire.
await Promise.all(Array.from({ length: 2 * connections }, mailOneByOne))
console.log((performance.now() - started) / 1000)
pool.close()

async function mailOneByOne(): Promise<void> {
  while (next <= mails) {
    const { from, to, subject, html, text, messageId, headers, envelope } = messageFor(
      next++,
      config,
      compiled,
    )
    const mail = { from, to, subject, html, text, messageId, headers }
    await pool.sendMail({ ...mail, envelope: { ...envelope } })
  }
}
