import { type SQL, sql } from 'drizzle-orm/sql'
import { answerWords } from '../answer-words.ts'
import type { Mailshot } from '../mailshot.ts'
import { laneRowStatement } from '../pace/state.ts'
import { goesBy } from '../route/need.ts'
import { pauseRunningStatements } from '../send/steer.ts'
import type { Note } from './faults.ts'
import type { Lanes } from './lanes.ts'

/** So many refusals of the same kind in a row mean the account, not the readers. */
const mostInARow = 10

/**
 * Counts the same account or policy refusal in a row, over all workers and sends, and pauses every send that runs by that transport at the tenth: with
 * nothing accepted in between it is the account that is refused, and the next send would only lose its readers to it. Anything
 * accepted, or another refusal of that kind, begins anew; what is said of a mailbox neither counts nor ends it.
 */
export function streakStatements(mailshot: Mailshot, lanes: Lanes, notes: Note[]): SQL[] {
  const { text, count, isNew, last } = streakOf(notes)
  const { scope } = lanes.transport(mailshot.now())
  if (count === 0 || !last) {
    if (!isNew || lanes.transportState.refusals === 0) return []
    return [sql`UPDATE lanes SET refusals = 0 WHERE scope = ${scope} AND refusals > 0`]
  }
  // Repeated after a lost answer, what was counted is settled already.
  const isFirstTime = sql`EXISTS (SELECT 1 FROM recipients
    WHERE id = ${last.recipient.id} AND claim_id = ${last.recipient.claimId} AND status = 'in-hand')`
  const going = isNew ? sql`0` : sql`iif(refusal = ${text}, refusals, 0)`
  // The row decides: what other workers have counted meanwhile stands there alone.
  const isReached = sql`EXISTS (SELECT 1 FROM lanes WHERE scope = ${scope} AND refusals >= ${mostInARow})`
  const reason = sql`(SELECT 'blocked: refused ' || refusals || ' times in a row: ' || ${last.reason}
    FROM lanes WHERE scope = ${scope})`
  return [
    laneRowStatement(scope),
    sql`UPDATE lanes SET refusals = ${going} + ${count}, refusal = ${text}
      WHERE scope = ${scope} AND ${isFirstTime}`,
    ...pauseRunningStatements(mailshot, {
      reason,
      actor: 'mailshot',
      when: sql`${isReached} AND ${goesBy(mailshot.config, notes)}`,
    }),
    sql`UPDATE lanes SET refusals = 0 WHERE scope = ${scope} AND refusals >= ${mostInARow}`,
  ]
}

interface Streak {
  text: string
  count: number
  /** Whether it cannot go on from the last write: something else was answered before it. */
  isNew: boolean
  last: (Pick<Note, 'recipient'> & { reason: string }) | undefined
}

function streakOf(notes: Note[]): Streak {
  const streak: Streak = { text: '', count: 0, isNew: false, last: undefined }
  for (const { recipient, outcome } of notes) {
    if (outcome.status === 'accepted') {
      Object.assign(streak, { text: '', count: 0, isNew: true })
    }
    if (outcome.status !== 'rejected' || isAboutMailbox(outcome)) continue
    const text = sameText(outcome.reason)
    if (text !== streak.text && streak.count > 0) {
      Object.assign(streak, { count: 0, isNew: true })
    }
    streak.text = text
    streak.count += 1
    streak.last = { recipient, reason: outcome.reason }
  }
  return streak
}

const full =
  /(?:mail|in)box.{0,20}full|over.{0,3}quota|quota.{0,20}exceed|storage allocation|insufficient.{0,10}(?:space|storage)/i

/** RFC 3463: x.1.x is about the address, x.2.x about the mailbox. Without a status only words can tell. */
function isAboutMailbox(outcome: {
  class: 'hard' | 'soft'
  enhanced?: string
  reason: string
}): boolean {
  const { enhanced, reason } = outcome
  if (outcome.class === 'hard') return true
  return enhanced === undefined ? full.test(reason) : /^\d\.[12]\./.test(enhanced)
}

/** A refusal without what differs from mail to mail: addresses, links, and words that hold a digit after the code. */
export function sameText(reason: string): string {
  return answerWords(reason)
    .toLowerCase()
    .replace(/\b[45]\d\d(?=[ -])|\b[45]\.\d{1,3}\.\d{1,3}\b/g, (code) =>
      code.replace(/\d/g, codeLetter),
    )
    .replace(/\S*\d\S*/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Keeps the codes apart while words with digits are taken out. */
function codeLetter(digit: string): string {
  return String.fromCharCode('a'.charCodeAt(0) + Number(digit))
}
