import { createPublicKey } from 'node:crypto'
import { MailshotError } from '../error.ts'
import type { Message, Outcome, SenderFacts, Transport } from '../transport.ts'
import { contentOf, octetsOf } from './smtp/content.ts'
import { dkimField, type DkimField } from './smtp/dkim.ts'
import {
  type CheckedSmtpOptions,
  checkSmtpOptions,
  missingSecret,
  type SmtpOptions,
} from './smtp/options.ts'
import { redactor } from './smtp/redact.ts'
import { openRelay, type Relay } from './smtp/relay.ts'
import { makeSlots } from './smtp/slots.ts'
import { hangUp, openWire } from './smtp/take-over.ts'
import { explainVerifyFault } from './smtp/verify.ts'
import { stopped } from './smtp/writer.ts'

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
  // Twice as many as connections: while a body is on the wire, the next message is composed, signed, and its envelope
  // sent along.
  const parallel = 2 * options.connections
  const slots = makeSlots(parallel)
  const underWay = makeUnderWay()
  let relay: Relay | undefined

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (missing !== undefined) return { status: 'blocked', reason: missing }
    const mine = (relay ??= openRelay(options))
    const taken = slots.take(signal)
    if (taken !== true && !(await taken)) return stopped
    try {
      if (mine.isClosed()) return stopped
      const field = sign && (await sign(octetsOf(message)))
      return redact(await mine.handOver(message.envelope, contentOf(message, field), signal))
    } finally {
      slots.free()
    }
  }

  return {
    name: 'smtp',
    batch: 1,
    parallel,
    sends: { host: options.host, ...dkimFacts(options.dkim) },
    send: (messages, signal) => underWay.all(messages.map((one) => sendOne(one, signal))),
    async verify() {
      if (missing !== undefined) throw new MailshotError(missing)
      await verifyRelay(options)
    },
    /** Ends at once, whatever is on its way; a later message opens new connections. */
    async close() {
      relay?.close()
      relay = undefined
      await underWay.ended()
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

async function verifyRelay(options: CheckedSmtpOptions): Promise<void> {
  const wire = await openWire(options, new AbortController().signal)
  if (!('socket' in wire)) throw explainVerifyFault(options, wire)
  hangUp(wire.socket)
}

/** What a receiver finds by DNS. */
function dkimFacts(dkim: CheckedSmtpOptions['dkim']): Pick<SenderFacts, 'dkim'> {
  if (!dkim) return {}
  const { domain, selector, privateKey } = dkim
  if (!privateKey) return { dkim: { domain, selector } }
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  return { dkim: { domain, selector, publicKey } }
}

function signer(dkim: CheckedSmtpOptions['dkim']): DkimField | undefined {
  return dkim?.privateKey ? dkimField({ ...dkim, privateKey: dkim.privateKey }) : undefined
}
