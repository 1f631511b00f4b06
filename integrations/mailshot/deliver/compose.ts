import { bounceAddress, leaveAddress } from '../bounce/verp.ts'
import type { CompiledCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import { composeMessage, type Reader } from '../message.ts'
import type { ClaimedRecipient } from '../recipient.ts'
import { linkTo, signToken } from '../token.ts'
import { trackingOf } from '../tracking/link.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { type HeldRecipient, messageKeyOf } from './held.ts'

/** What a recipient's mail is composed from, beside the campaign. */
export type Composable = Omit<HeldRecipient, 'claimId' | 'tries' | 'workerId' | 'inHandAt' | 'hour'>

/**
 * Composes the mail of one recipient. A campaign that cannot be composed for one reader is a fault of the campaign, so it
 * pauses the send instead of costing that reader the mail.
 */
export function composeFor(
  mailshot: Mailshot,
  mail: { campaign: CompiledCampaign; transport?: Transport },
  recipient: Composable,
): Message | Outcome {
  const { config } = mailshot
  try {
    return composeMessage(config, mail.campaign, readerFor(config, mail.campaign, recipient), {
      id: messageKeyOf(recipient),
      envelopeFrom: bounceAddress(config, { ...recipient, kind: 'recipient' }),
      messageId: recipient.messageId,
      resend: recipient.resend,
      tracking: trackingOf(config, mail, recipient),
    })
  } catch (error) {
    mailshot.log.error({ err: error, recipient: recipient.id }, 'a mail could not be composed')
    const reason = error instanceof Error ? error.message : String(error)
    return { status: 'blocked', reason: `the mail cannot be composed: ${reason}` }
  }
}

/** The same with the campaign of its send, which pauses where that cannot be read. */
export async function composeFrom(
  mailshot: Mailshot,
  {
    stock,
    transport,
  }: {
    stock: { snapshotOf(sendId: string): Promise<CompiledCampaign> }
    transport: Transport
  },
  recipient: HeldRecipient,
): Promise<Message | Outcome> {
  try {
    const campaign = await stock.snapshotOf(recipient.sendId)
    return composeFor(mailshot, { campaign, transport }, recipient)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { status: 'blocked', reason: `what the send froze cannot be read: ${reason}` }
  }
}

/** One whom the campaign asks whether they want to stay has a link for that, too. */
export function readerFor(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  recipient: Parameters<typeof readerOf>[1],
): Reader {
  const reader = readerOf(config, recipient)
  if (!asksToStay(campaign)) return reader
  const ids = [recipient.subscriberId, recipient.id]
  const stay = linkTo(config, 'stay', signToken(config.secrets, 'stay', ids))
  return { ...reader, urls: { ...reader.urls, stay } }
}

/** Looked up once a campaign, since a signature a mail would cost all others as much. */
const asking = new WeakMap<CompiledCampaign, boolean>()

function asksToStay(campaign: CompiledCampaign): boolean {
  const known = asking.get(campaign)
  if (known !== undefined) return known
  const asks = JSON.stringify(Object.values(campaign.variants)).includes('url_stay')
  asking.set(campaign, asks)
  return asks
}

/** A recipient as a reader, with links of their own. */
export function readerOf(
  config: MailshotConfig,
  recipient: Omit<ClaimedRecipient, 'claimId' | 'tries' | 'resend'> & { lists: string[] },
): Reader {
  const { id, subscriberId, written, name, attributes, lists } = recipient
  const link = (page: 'unsubscribe' | 'preferences' | 'view', ids: number[]) =>
    linkTo(config, page, signToken(config.secrets, page, ids))
  return {
    email: written,
    name,
    lang: recipient.lang ?? config.lang,
    status: 'active',
    lists,
    attributes,
    urls: {
      unsubscribe: link('unsubscribe', [subscriberId, id]),
      preferences: link('preferences', [subscriberId]),
      view: link('view', [id]),
      leaveByMail: leaveAddress(config, { subscriberId, recipientId: id }),
    },
  }
}
