import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { type DkimSigner, dkimSigner } from './smtp/dkim.ts'
import {
  type CheckedSmtpOptions,
  checkSmtpOptions,
  missingSecret,
  type SmtpOptions,
} from './smtp/options.ts'
import { openPool, type Pool } from './smtp/pool.ts'
import { redactor } from './smtp/redact.ts'
import { makeSlots } from './smtp/slots.ts'
import { explainVerifyFault } from './smtp/verify.ts'

export type { SmtpOptions } from './smtp/options.ts'

/**
 * Hands messages to a relay by SMTP, over connections that stay open. TLS is required unless `tls: 'none'`, and a
 * password never leaves this machine in clear.
 *
 * @throws MailshotError when an option or the DKIM key is wrong; a secret missing from the environment shows at the
 * first call only, so that a site builds without it
 */
export function smtp(input: SmtpOptions): Transport {
  const options = checkSmtpOptions(input)
  const missing = missingSecret(options)
  const sign = signer(options.dkim)
  const redact = redactor(options)
  const slots = makeSlots(options.connections)
  const underWay = makeUnderWay()
  let pool: Pool | undefined

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (missing !== undefined) return { status: 'blocked', reason: missing }
    if (signal.aborted) return stopped
    const mime = await sign(message.mime())
    if (!(await slots.take(signal))) return stopped
    try {
      pool ??= openPool(options)
      return redact(await pool.handOver(message, mime))
    } finally {
      slots.free()
    }
  }

  return {
    name: 'smtp',
    batch: 1,
    // More than there are connections, so that the next message is composed and signed while one is on the wire.
    parallel: 2 * options.connections,
    send: (messages, signal) => underWay.all(messages.map((one) => sendOne(one, signal))),
    async verify() {
      if (missing !== undefined) throw new MailshotError(missing)
      await verifyRelay(options)
    },
    /** Waits for what is on its way; a later message opens new connections. */
    async close() {
      await underWay.ended()
      pool?.close()
      pool = undefined
    },
  }
}

/** The messages that are being sent, so that closing can wait for them. */
function makeUnderWay() {
  const running = new Set<Promise<Outcome>>()
  const track = (outcome: Promise<Outcome>) => {
    running.add(outcome)
    const forget = () => running.delete(outcome)
    outcome.then(forget, forget)
  }
  return {
    all(outcomes: Promise<Outcome>[]): Promise<Outcome[]> {
      outcomes.forEach(track)
      return Promise.all(outcomes)
    },
    ended: () => Promise.allSettled(running),
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }

async function verifyRelay(options: CheckedSmtpOptions): Promise<void> {
  const fault = await openPool(options).verify()
  if (fault) throw explainVerifyFault(options, fault)
}

function signer(dkim: CheckedSmtpOptions['dkim']): DkimSigner {
  if (!dkim?.privateKey) return (message) => Promise.resolve(message)
  return dkimSigner({ ...dkim, privateKey: dkim.privateKey })
}
