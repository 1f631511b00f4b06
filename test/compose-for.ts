import type { CompiledCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfig } from '../integrations/mailshot/config.ts'
import { composeMessage, type Composition, type Reader } from '../integrations/mailshot/message.ts'
import type { Message } from '../integrations/mailshot/transport.ts'

const camille: Reader = {
  email: 'Camille@example.org',
  name: 'Camille',
  lang: 'fr',
  status: 'active',
  lists: ['weekly'],
  attributes: { city: 'Paris', plan: 'pro' },
  urls: {
    unsubscribe: 'https://example.org/mailshot/unsubscribe/u',
    preferences: 'https://example.org/mailshot/preferences/p',
    view: 'https://example.org/mailshot/view/v',
  },
}

const composition: Composition = {
  id: 'send1.7',
  envelopeFrom: 'bounce@example.org',
  messageId: '<send1.7@example.org>',
}

export interface Compiled {
  config: MailshotConfig
  compiled: CompiledCampaign
}

/** The mail of a reader who has a value for every field, but for what is given. */
export function composeFor(
  { config, compiled }: Compiled,
  reader: Partial<Reader> = {},
  more: Partial<Composition> = {},
): Message {
  return composeMessage(config, compiled, { ...camille, ...reader }, { ...composition, ...more })
}
