// What composing one mail takes, from the recipient to the octets for the socket, without network and database; of plain
// fields, and with conditions; and the same content by nodemailer: npm run bench:compose
import { generateKeyPairSync } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { CompiledCampaign, Template } from '../integrations/mailshot/compile.ts'
import { dkimSigner } from '../integrations/mailshot/transports/smtp/dkim.ts'
import { interleave, printRuns, type Run } from './rounds.ts'
import { benchConfig, compileBenchCampaign } from './send.ts'
import { benchSize } from './size.ts'
import { messageFor } from './verify.ts'

/** What an author would write who knows Liquid. */
const conditions: Template = [
  { tag: 'if plan == "mécène"' },
  'Merci à vous, ',
  { output: 'firstname', escape: 'html' },
  { tag: 'elsif city' },
  'De ',
  { output: 'city | upcase', escape: 'html' },
  { tag: 'endif' },
  { tag: 'for one in lists' },
  { output: 'one', escape: 'html' },
  { tag: 'endfor' },
]

const { mails, rounds } = benchSize({ mails: 20_000, rounds: 5 })
const config = await benchConfig()
const { compiled } = await compileBenchCampaign(config)
const conditional = withConditions(compiled)
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const sign = dkimSigner({ domain: 'example.org', selector: 'bench', privateKey })
// What a socket does with a string.
const socket = Buffer.alloc(1_000_000)

const variants = [
  variant('plain fields', mails, (n) => send(messageFor(n, config, compiled).mime())),
  variant('with conditions', mails, (n) => send(messageFor(n, config, conditional).mime())),
  variant('plain fields, DKIM', Math.ceil(mails / 10), async (n) =>
    send(await sign(messageFor(n, config, compiled).mime())),
  ),
  variant('nodemailer, the same content', Math.ceil(mails / 20), byNodemailer),
]
// The first mails teach V8 what is hot.
await interleave(variants, 1)
printRuns(await interleave(variants, rounds))

function variant(name: string, count: number, make: (n: number) => unknown) {
  return { name, run: () => run(count, make) }
}

async function run(count: number, make: (n: number) => unknown): Promise<Run> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let n = 1; n <= count; n += 1) {
    const made = make(n)
    if (made instanceof Promise) await made
  }
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - started) / 1000
  return { mails: count, seconds, cpuSeconds: (user + system) / 1e6 }
}

function send(mime: string): void {
  socket.write(mime, 0, 'latin1')
}

async function byNodemailer(n: number): Promise<void> {
  const { from, to, subject, html, text, messageId, headers } = messageFor(n, config, compiled)
  const mail = { from, to, subject, html, text, messageId, headers: { ...headers } }
  await new MailComposer({ ...mail, textEncoding: 'quoted-printable' }).compile().build()
}

/** The same campaign with a condition and a loop in both parts. */
function withConditions(campaign: CompiledCampaign): CompiledCampaign {
  const changed = Object.entries(campaign.variants).map(([lang, one]) => {
    const [html, text] = [one.html, one.text].map((part): Template => {
      const half = Math.floor(part.length / 2)
      return [...part.slice(0, half), ...conditions, ...part.slice(half)]
    })
    return [lang, { ...one, html, text }]
  })
  return { ...campaign, variants: Object.fromEntries(changed) }
}
