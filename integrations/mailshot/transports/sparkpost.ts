import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { openSparkpost, type SparkpostClient } from './sparkpost/client.ts'
import { readEvents } from './sparkpost/events.ts'
import { handOver } from './sparkpost/hand-over.ts'
import { lookUp } from './sparkpost/look-up.ts'
import {
  checkSparkpostOptions,
  keyOf,
  missingKey,
  type SparkpostOptions,
} from './sparkpost/options.ts'
import { registerDomain } from './sparkpost/sender.ts'
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
  let opened: Promise<SparkpostClient> | undefined

  /** @throws MailshotError without the key or the package */
  function client(): Promise<SparkpostClient> {
    const key = keyOf(options)
    if (key === undefined) throw new MailshotError(missingKey)
    return (opened ??= openSparkpost(options, key))
  }

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return stopped
    try {
      return await handOver(await client(), options, { message, signal })
    } catch (error) {
      if (error instanceof MailshotError) return { status: 'blocked', reason: error.message }
      throw error
    }
  }

  return {
    name: 'sparkpost',
    batch: 1,
    parallel: options.calls,
    send: (messages, signal) => Promise.all(messages.map((one) => sendOne(one, signal))),
    async lookUp(messages) {
      const mine = await client()
      return Promise.all(messages.map((one) => lookUp(mine, options, one)))
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
      const closing = opened
      opened = undefined
      ;(await closing?.catch(() => undefined))?.cut()
    },
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }
