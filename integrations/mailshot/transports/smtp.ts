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
  const running = new Set<Promise<Outcome>>()
  let pool: Pool | undefined

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (missing !== undefined) return { status: 'blocked', reason: missing }
    if (signal.aborted) return stopped
    const mime = await sign(await message.mime())
    if (!(await slots.take(signal))) return stopped
    try {
      pool ??= openPool(options)
      return redact(await pool.handOver(message, mime))
    } finally {
      slots.free()
    }
  }

  function track(outcome: Promise<Outcome>): Promise<Outcome> {
    running.add(outcome)
    const forget = () => running.delete(outcome)
    outcome.then(forget, forget)
    return outcome
  }

  return {
    name: 'smtp',
    batch: 1,
    // More than there are connections, so that the next message is composed and signed while one is on the wire.
    parallel: 2 * options.connections,
    send: (messages, signal) => Promise.all(messages.map((one) => track(sendOne(one, signal)))),
    async verify() {
      if (missing !== undefined) throw new MailshotError(missing)
      const fault = await openPool(options).verify()
      if (fault) throw explainVerifyFault(options, fault)
    },
    /** Waits for what is on its way; a later message opens new connections. */
    async close() {
      await Promise.allSettled(running)
      pool?.close()
      pool = undefined
    },
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }

function signer(dkim: CheckedSmtpOptions['dkim']): DkimSigner {
  if (!dkim?.privateKey) return (message) => Promise.resolve(message)
  return dkimSigner({ ...dkim, privateKey: dkim.privateKey })
}
