import type { MailshotConfig } from '../config.ts'
import { domainOf } from '../email-address.ts'
import type { ClaimedRecipient } from '../recipient.ts'

/** A recipient in hand: committed as such, with its hour in the even spread. */
export interface HeldRecipient extends ClaimedRecipient {
  /** Those that selected it and are still active. */
  lists: string[]
  hour: number
}

/** What names a recipient across all sends. */
export function messageKeyOf(recipient: { sendId: string; id: number }): string {
  return `${recipient.sendId}.${recipient.id}`
}

/** The same on every try, so that a receiver can drop a double. */
export function messageIdOf(
  config: MailshotConfig,
  recipient: { sendId: string; id: number },
): string {
  return `<${messageKeyOf(recipient)}@${domainOf(config.from.address)}>`
}
