import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { transportsOf } from '../route.ts'
import type { Outcome } from '../transport.ts'

/** How a worker that was told to stop ends within 10 seconds, however silent the relay is. */
export interface Ending {
  /** Aborts when the database may not be waited for any longer. */
  readonly lastCall: AbortSignal
  /** Answers as the work does, or `otherwise` once nobody waits for an answer any more. */
  unless<Result>(work: Promise<Result>, otherwise: Result): Promise<Result>
  /** The worker has ended before. */
  close(): void
}

/** What is known of a message whose call was under way until the end. */
export const unanswered: Outcome = {
  status: 'uncertain',
  reason: 'stopped before the relay answered',
}

/** What the operator is told where the database could not be written until the end. */
export function unwritten(inHand: number): MailshotError {
  const what =
    inHand === 0
      ? 'nothing was in hand'
      : `what came of ${inHand} ${inHand === 1 ? 'mail' : 'mails'} could not be noted, so ` +
        `${inHand === 1 ? 'it' : 'they'} will be uncertain (mailshot settle, mailshot resend)`
  return new MailshotError(`stopped while the database could not be written: ${what}`)
}

/** How long calls under way may take to be answered; what is left of the ten seconds is for a machine that is busy. */
const answerMs = 7_000
/** How long the transports have, once they are closed, to say what they know of what they cut. */
const cutMs = 500
/** How long the outcomes may take to be committed. */
const commitMs = 800

/** Begins with the stop signal: waits for calls under way, then closes the transports, then gives the answers up. */
export function openEnding(mailshot: Mailshot, signal: AbortSignal): Ending {
  const lastCall = new AbortController()
  const ended = new AbortController()
  const waiting = new Set<() => void>()
  let isOver = false
  const begin = () => void end()
  const end = async () => {
    await mailshot.sleep(answerMs, ended.signal)
    if (ended.signal.aborted) return
    if (waiting.size > 0) {
      closeTransports(mailshot)
      await mailshot.sleep(cutMs, ended.signal)
    }
    isOver = true
    for (const giveUp of waiting) giveUp()
    await mailshot.sleep(commitMs, ended.signal)
    if (!ended.signal.aborted) lastCall.abort()
  }
  signal.addEventListener('abort', begin, { once: true })
  if (signal.aborted) begin()
  return {
    lastCall: lastCall.signal,
    unless: (work, otherwise) => {
      if (isOver) return Promise.resolve(otherwise)
      return new Promise((resolve, reject) => {
        const giveUp = () => resolve(otherwise)
        const forget = () => waiting.delete(giveUp)
        waiting.add(giveUp)
        work.then(resolve, reject)
        work.then(forget, forget)
      })
    },
    close: () => {
      signal.removeEventListener('abort', begin)
      ended.abort()
    },
  }
}

/** The process ends, so nobody else needs them; what a transport throws while it closes changes nothing any more. */
function closeTransports({ config, log }: Mailshot): void {
  for (const transport of transportsOf(config)) {
    transport.close?.().catch((error: unknown) => {
      log.warn({ err: error }, 'a transport could not be closed')
    })
  }
}
