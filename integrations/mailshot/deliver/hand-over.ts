import type { Mailshot } from '../mailshot.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { type Ending, unanswered } from './ending.ts'

/** Gives messages to a transport; one outcome each, by position, whatever the transport does. */
export async function handOver(
  mailshot: Mailshot,
  messages: Message[],
  to: { transport: Transport; signal: AbortSignal; ending: Ending },
): Promise<Outcome[]> {
  if (messages.length === 0) return []
  try {
    const answers = await to.ending.unless(to.transport.send(messages, to.signal), undefined)
    return messages.map((_, index) => (answers ? (answers[index] ?? noAnswer) : unanswered))
  } catch (error) {
    // A transport promises not to throw. One that does may have handed the messages over.
    mailshot.log.error({ err: error }, 'the transport threw')
    const reason = error instanceof Error ? error.message : String(error)
    return messages.map(() => ({ status: 'uncertain', reason }))
  }
}

const noAnswer: Outcome = { status: 'uncertain', reason: 'the transport gave no answer' }
