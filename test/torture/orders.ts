/** Where the server may break a connection off, in the order of a conversation (RFC 5321 §3). */
export const cutSteps = [
  'connect',
  'greeting',
  'ehlo',
  'mail',
  'rcpt',
  'data',
  /** After the first bytes of the body. */
  'body',
  /** After the final dot; the server has kept nothing. */
  'dot',
  /** After the final dot; the server has kept the mail, and does not say so. */
  'accepted',
  /** Right behind the 250. */
  'answer',
] as const

export type CutStep = (typeof cutSteps)[number]

/** How far the server got with a mail; `answered` is when its 250 has left. */
export type MailStep = 'rcpt' | 'body' | 'accepted' | 'answered'

/**
 * Ends a worker from the server's side, where the moment is known best: at this step of one of its mails. From then on the
 * server notes no further step of them, since it goes on with what it has read.
 */
export interface KillOrder {
  worker: string
  pid: number
  at: 'body' | 'answered' | 'now'
  /** So many milliseconds later. */
  afterMs: number
}

/** What the test tells the server's process. */
export type Order =
  | { type: 'delay'; ms: number }
  | { type: 'cut'; step: CutStep }
  /** Every connection is broken off before the next body, and no other begins. */
  | { type: 'away'; isAway: boolean }
  | { type: 'kill'; kill: KillOrder }
  | { type: 'steps'; addresses: string[] }
  | { type: 'talking' }

/** What the server's process tells the test. */
export type Report =
  | { type: 'listening'; port: number }
  | { type: 'cut'; step: CutStep }
  | { type: 'killed'; worker: string }
  | { type: 'steps'; steps: (MailStep | null)[] }
  | { type: 'talking'; workers: string[] }
