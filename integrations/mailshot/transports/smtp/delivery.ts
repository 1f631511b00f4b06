import type { Message, Outcome } from '../../transport.ts'
import type { Content } from './content.ts'
import type { SmtpFault } from './outcome.ts'

/** A message on its way to the relay. */
export interface Delivery {
  readonly envelope: Message['envelope']
  readonly content: Content
  readonly signal: AbortSignal
  /** The connections that gave it back. */
  moves: number
  /** Whether one of them had taken nothing before it. */
  isSuspect: boolean
  /** What the relay had accepted when the message came. */
  readonly acceptedBefore: number
  settle(outcome: Outcome): void
}

/** A message finds nothing on the wire before it, or a body that the server has not answered yet. */
export type Place = 'idle' | 'ahead'

/** Where the next message comes from, and where one goes that could not leave. */
export interface MessageSource {
  /** The message for the place there is; without one, the dialogue is `free` until `begin`. */
  next(place: Place): Delivery | undefined
  free(place: Place): void
  /** Nothing of its body has left. `isOwn` where the fault met this message before the server had taken any other. */
  giveBack(delivery: Delivery, fault: SmtpFault, isOwn: boolean): void
}
