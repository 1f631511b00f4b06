import type { ClaimedRecipient } from '../recipient.ts'

/** A recipient in hand: committed as such, with its hour in the even spread. */
export interface HeldRecipient extends ClaimedRecipient {
  /** Those that selected it and are still active. */
  lists: string[]
  messageId: string
  /** The worker that put it in hand; a process that lost its lease goes on as another. */
  workerId: string
  inHandAt: number
  hour: number
}

/** What names a recipient across all sends. */
export function messageKeyOf(recipient: { sendId: string; id: number }): string {
  return `${recipient.sendId}.${recipient.id}`
}
