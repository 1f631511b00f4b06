import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { isTooLarge, outcomeOfCall, outcomesOf } from './mailjet/answer.ts'
import { mailjetHead } from './mailjet/body.ts'
import { type MailjetClient, openMailjet } from './mailjet/client.ts'
import { type EncodedMail, type MailEncoder, openEncoder } from './mailjet/encode.ts'
import { readMailjetEvents } from './mailjet/events.ts'
import { lookUpMessages } from './mailjet/look-up.ts'
import { checkMailjetOptions, keysOf, type MailjetOptions } from './mailjet/options.ts'
import { registerSender, verifyAccount } from './mailjet/sender.ts'
import { mailjetWebhooks } from './mailjet/webhooks.ts'

export type { MailjetOptions } from './mailjet/options.ts'

/** The Send API v3.1 takes at most so many messages, and recipients, in one call. */
const batch = 50
/** A call of more than 15 MB is refused whole. */
const largestCall = 14_000_000

/**
 * Hands messages to Mailjet by its Send API v3.1, 50 in a call, and reads its events. Needs the package node-mailjet.
 *
 * @throws MailshotError when an option is wrong; keys missing from the environment show at the first call only, so that a site
 * builds without them
 */
export function mailjet(input: MailjetOptions = {}): Transport {
  const options = checkMailjetOptions(input)
  const encoder = openEncoder()
  let opening: Promise<MailjetClient> | undefined

  /** @throws MailshotError when keys or the package are missing */
  function client(): Promise<MailjetClient> {
    return (opening ??= open().catch((error: unknown) => {
      // What is missing may be there at the next call.
      opening = undefined
      throw error
    }))
  }

  async function open(): Promise<MailjetClient> {
    const keys = keysOf(options)
    if ('lack' in keys) throw new MailshotError(keys.lack)
    return await openMailjet(options, keys)
  }

  return {
    name: 'mailjet',
    // https://documentation.mailjet.com/hc/en-us/articles/360042412734: SPF and DKIM values.
    sends: { selectors: ['mailjet'], spfInclude: 'spf.mailjet.com', hasOwnBounces: true },
    tracks: true,
    batch,
    parallel: options.calls,
    async send(messages, signal) {
      if (messages.length === 0) return []
      if (signal.aborted) return messages.map(() => stopped)
      const opened = await client().catch(notOpened)
      if ('status' in opened) return messages.map(() => opened)
      const outcomes: Outcome[] = []
      for (const lot of lotsOf(messages, encoder)) {
        const answered = signal.aborted
          ? lot.map(() => stopped)
          : await sendLot(opened, lot, { encoder, sandbox: options.sandbox })
        outcomes.push(...answered)
      }
      return outcomes
    },
    async lookUp(messages) {
      const opened = await client().catch(notOpened)
      if ('status' in opened) return messages.map(() => ({ ...opened, status: 'uncertain' }))
      return await lookUpMessages(opened, messages, options.lookUpSeconds)
    },
    readEvents: (request, proof) => readMailjetEvents(request, proof, options.webhookAuth),
    webhooks: mailjetWebhooks(client, options.webhookAuth),
    verify: async (from) => await verifyAccount(await client(), from),
    registerSender: async (address) => await registerSender(await client(), address),
    /** Breaks off what is under way; a later call opens anew. */
    async close() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      opened?.cut()
    },
  }
}

function notOpened(error: unknown): Outcome & { reason: string } {
  if (!(error instanceof MailshotError)) throw error
  return { status: 'blocked', reason: error.message }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }

interface Encoded {
  message: Message
  mail: EncodedMail
}

/** One call; never made again with a message that it may have sent. */
async function sendLot(
  client: MailjetClient,
  lot: readonly Encoded[],
  by: { encoder: MailEncoder; sandbox: boolean },
): Promise<Outcome[]> {
  const mails = lot.map(({ mail }) => mail)
  const body = by.encoder.call(mails, by)
  const answer = await client.call({ method: 'post', resource: 'send', body })
  const messages = lot.map(({ message }) => message)
  const outcomes = outcomesOf(answer, messages, client.clean)
  if (outcomes) {
    by.encoder.reuse(body)
    return outcomes
  }
  if (isTooLarge(answer) && lot.length > 1) {
    const half = Math.ceil(lot.length / 2)
    const first = await sendLot(client, lot.slice(0, half), by)
    return [...first, ...(await sendLot(client, lot.slice(half), by))]
  }
  const outcome = outcomeOfCall(answer, client.clean)
  return messages.map(() => outcome)
}

/** As many in each call as Mailjet takes. */
function lotsOf(messages: readonly Message[], encoder: MailEncoder): Encoded[][] {
  const lots: Encoded[][] = []
  let size = 0
  for (const message of messages) {
    const { html, text } = message.parts?.() ?? { html: [message.html], text: [message.text] }
    const mail = encoder.message(mailjetHead(message), html, text)
    const last = lots.at(-1)
    size += mail.length
    if (last && last.length < batch && size <= largestCall) last.push({ message, mail })
    else {
      lots.push([{ message, mail }])
      size = mail.length
    }
  }
  return lots
}
