import type { Mailshot } from '../mailshot.ts'
import type { Message, Outcome, Transport } from '../transport.ts'
import { type Ending, unanswered } from './ending.ts'

interface HandOver {
  transport: Transport
  signal: AbortSignal
  ending: Ending
}

/**
 * Gives messages to a transport; one outcome each, by position, whatever the transport does. What it cannot tell of a message,
 * the provider is asked.
 */
export async function handOver(
  mailshot: Mailshot,
  messages: Message[],
  to: HandOver,
): Promise<Outcome[]> {
  if (messages.length === 0) return []
  const outcomes = await send(mailshot, messages, to)
  const lost = messages.filter((_, index) => isLost(outcomes[index]))
  // Asking takes its time, which a worker that is to stop has not got.
  if (lost.length === 0 || !to.transport.lookUp || to.signal.aborted) return outcomes
  const found = await lookUp(mailshot, lost, to)
  return outcomes.map((outcome, index) => {
    const message = messages[index]
    return (message && isLost(outcome) && found.get(message)) || outcome
  })
}

async function send(mailshot: Mailshot, messages: Message[], to: HandOver): Promise<Outcome[]> {
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

/** Nobody waits any more for what was given up. */
function isLost(outcome: Outcome | undefined): boolean {
  return outcome?.status === 'uncertain' && outcome !== unanswered
}

/** What the provider knows; nothing of those it does not. */
async function lookUp(
  { log }: Mailshot,
  lost: Message[],
  { transport, ending }: HandOver,
): Promise<Map<Message, Outcome>> {
  try {
    const asked = transport.lookUp?.(lost) ?? Promise.resolve([])
    const answers = (await ending.unless(asked, undefined)) ?? []
    const known = lost.flatMap((message, index): [Message, Outcome][] => {
      const answer = answers[index]
      return answer && answer.status !== 'uncertain' ? [[message, answer]] : []
    })
    return new Map(known)
  } catch (error) {
    log.error({ err: error }, 'the transport threw when it was asked what became of mails')
    return new Map()
  }
}

/** Cuts what is in hand into calls of at most so many. */
export function lotsOf<Item>(items: Item[], size: number): Item[][] {
  const lots: Item[][] = []
  for (let at = 0; at < items.length; at += size) lots.push(items.slice(at, at + size))
  return lots
}
