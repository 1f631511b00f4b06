import { MailshotError } from '../error.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { type MandrillClient, openMandrill } from './mandrill/client.ts'
import { readEvents } from './mandrill/events.ts'
import { lookUp } from './mandrill/look-up.ts'
import { sendParameters } from './mandrill/message.ts'
import { checkMandrillOptions, keyOf, type MandrillOptions } from './mandrill/options.ts'
import { outcomeOf } from './mandrill/outcome.ts'
import { registerDomain } from './mandrill/sender.ts'
import { verifyKey } from './mandrill/verify.ts'
import {
  installWebhook,
  listWebhooks,
  removeWebhook,
  verifyWebhookKeys,
} from './mandrill/webhooks.ts'

export type { MandrillOptions } from './mandrill/options.ts'

/**
 * Hands messages to Mandrill (Mailchimp Transactional), one a call, and reads what it reports, which it signs.
 *
 * @throws MailshotError when an option is wrong; a missing key shows at the first call only, so that a site builds without it
 */
export function mandrill(input: MandrillOptions = {}): Transport {
  const options = checkMandrillOptions(input)
  let opened: MandrillClient | undefined

  /** @throws MailshotError without the key */
  function client(): MandrillClient {
    const found = keyOf(options)
    if ('lack' in found) throw new MailshotError(found.lack)
    return (opened ??= openMandrill(options, found.key))
  }

  async function sendOne(message: Message, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return stopped
    const found = keyOf(options)
    if ('lack' in found) return { status: 'blocked', reason: found.lack }
    const { call, clean } = client()
    return outcomeOf(await call('messages/send', sendParameters(message, options)), clean)
  }

  return {
    name: 'mandrill',
    // https://mailchimp.com/developer/transactional/docs/authentication-delivery/: two names, of which one signs; formerly `mandrill`.
    sends: { selectors: ['mte1', 'mte2', 'mandrill'], hasOwnBounces: true },
    tracks: true,
    batch: 1,
    parallel: options.calls,
    send: (messages, signal) => Promise.all(messages.map((one) => sendOne(one, signal))),
    async lookUp(messages) {
      const found = keyOf(options)
      if ('lack' in found) {
        return messages.map(() => ({ status: 'uncertain', reason: found.lack }))
      }
      return Promise.all(messages.map((one) => lookUp(client(), options, one)))
    },
    readEvents: (request) => readEvents(request, options),
    webhooks: {
      install: async (url) => installWebhook(client(), url, options),
      list: async () => listWebhooks(client()),
      remove: async (url) => removeWebhook(client(), url),
    },
    registerSender: async (address) => registerDomain(client(), address),
    async verify(from) {
      await verifyKey(client(), from)
      await verifyWebhookKeys(client(), options)
    },
    /** Ends at once, whatever is on its way; a later call opens anew. */
    async close() {
      opened?.cut()
      opened = undefined
    },
  }
}

const stopped: Outcome = { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }
