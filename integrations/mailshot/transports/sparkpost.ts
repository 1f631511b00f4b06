import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { openSparkpost, type SparkpostClient } from './sparkpost/client.ts'
import { readEvents } from './sparkpost/events.ts'
import { lookUp } from './sparkpost/look-up.ts'
import { checkSparkpostOptions, keyOf, type SparkpostOptions } from './sparkpost/options.ts'
import { outcomeOf } from './sparkpost/outcome.ts'
import { registerDomain } from './sparkpost/sender.ts'
import { transmissionOf } from './sparkpost/transmission.ts'
import { verifyKey } from './sparkpost/verify.ts'
import { installWebhook, listWebhooks, removeWebhook } from './sparkpost/webhooks.ts'

export type { SparkpostOptions } from './sparkpost/options.ts'

/**
 * Hands messages to SparkPost's API, one a call, by its package `sparkpost`, and reads what it reports.
 *
 * On campaigns SparkPost puts its own List-Unsubscribe: who leaves by it is known by its webhook alone.
 *
 * @throws MailshotError when an option is wrong; a missing key or package shows at the first call only, so that a site
 * builds without
 */
export function sparkpost(input: SparkpostOptions = {}): Transport {
  const options = checkSparkpostOptions(input)
  let opening: Promise<SparkpostClient> | undefined

  /** @throws MailshotError without the key or the package */
  function client(): Promise<SparkpostClient> {
    return (opening ??= open().catch((error: unknown) => {
      // What is missing may be there at the next call.
      opening = undefined
      throw error
    }))
  }

  async function open(): Promise<SparkpostClient> {
    const found = keyOf(options)
    if ('lack' in found) throw new MailshotError(found.lack)
    return openSparkpost(options, found.key)
  }

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return stopped
    const opened = await client().catch(notOpened)
    if ('status' in opened) return opened
    const body = transmissionOf(message, options)
    return outcomeOf(
      await opened.call({ method: 'post', path: 'transmissions', body }),
      opened.clean,
    )
  }

  return {
    name: 'sparkpost',
    // The name of the key is made for each sending domain.
    sends: { hasOwnBounces: true },
    tracks: true,
    batch: 1,
    parallel: options.calls,
    send: (messages, signal) => Promise.all(messages.map((one) => sendOne(one, signal))),
    async lookUp(messages) {
      const opened = await client().catch(notOpened)
      if ('status' in opened) return messages.map(() => ({ ...opened, status: 'uncertain' }))
      return Promise.all(messages.map((one) => lookUp(opened, options, one)))
    },
    readEvents: (request, proof) => readEvents(request, proof, options),
    webhooks: {
      install: async (url) => installWebhook(await client(), url, options),
      list: async () => listWebhooks(await client()),
      remove: async (url) => removeWebhook(await client(), url),
    },
    registerSender: async (address) => registerDomain(await client(), address),
    verify: async (from) => verifyKey(await client(), from),
    /** Ends at once, whatever is on its way; a later call opens anew. */
    async close() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      opened?.cut()
    },
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }

function notOpened(error: unknown): Outcome & { reason: string } {
  if (!(error instanceof MailshotError)) throw error
  return { status: 'blocked', reason: error.message }
}
