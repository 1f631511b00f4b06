import { type SQL, sql } from 'drizzle-orm/sql'
import { answerWords } from '../answer-words.ts'
import type { Mailshot } from '../mailshot.ts'
import { laneRowStatement } from '../pace/state.ts'
import { type Note, pauseWithAlarm } from './faults.ts'
import type { Lanes } from './lanes.ts'

/** So many refusals of the same kind in a row mean the account, not the readers. */
const mostInARow = 10

/**
 * Counts the same account or policy refusal in a row, over all workers, and pauses the sends it came for at the tenth. Anything
 * accepted in between, or another refusal of that kind, begins anew; what is said of a mailbox neither counts nor ends it.
 */
export function streakStatements(mailshot: Mailshot, lanes: Lanes, notes: Note[]): SQL[] {
  const streak = streakOf(notes)
  const { scope } = lanes.transport(mailshot.now())
  const { refusal, refusals } = lanes.transportState
  if (streak.count === 0) {
    if (!streak.isNew || refusals === 0) return []
    return [sql`UPDATE lanes SET refusals = 0 WHERE scope = ${scope} AND refusals > 0`]
  }
  const { text, count, isNew, last } = streak
  const before = !isNew && refusal === text ? refusals : 0
  // Repeated after a lost answer, what was counted is settled already.
  const isFirstTime = sql`EXISTS (SELECT 1 FROM recipients
    WHERE id = ${last?.recipient.id} AND claim_id = ${last?.recipient.claimId} AND status = 'in-hand')`
  const going = isNew ? sql`0` : sql`iif(refusal = ${text}, refusals, 0)`
  const total = before + count
  const counted = sql`UPDATE lanes SET refusals = ${total >= mostInARow ? sql`0` : sql`${going} + ${count}`},
    refusal = ${text} WHERE scope = ${scope} AND ${isFirstTime}`
  if (total < mostInARow) return [laneRowStatement(scope), counted]
  const reason = `blocked: refused ${total} times in a row: ${last?.reason ?? text}`
  const ids = new Set(streak.sends)
  return [
    laneRowStatement(scope),
    counted,
    ...[...ids].flatMap((id) => pauseWithAlarm(mailshot, id, reason)),
  ]
}

interface Streak {
  text: string
  count: number
  /** Whether it cannot go on from the last write: something else was answered before it. */
  isNew: boolean
  sends: string[]
  last: (Pick<Note, 'recipient'> & { reason: string }) | undefined
}

function streakOf(notes: Note[]): Streak {
  const streak: Streak = { text: '', count: 0, isNew: false, sends: [], last: undefined }
  for (const { recipient, outcome } of notes) {
    if (outcome.status === 'accepted') {
      Object.assign(streak, { text: '', count: 0, isNew: true, sends: [] })
    }
    if (outcome.status !== 'rejected' || isAboutMailbox(outcome)) continue
    const text = sameText(outcome.reason)
    if (text !== streak.text && streak.count > 0) {
      Object.assign(streak, { count: 0, isNew: true, sends: [] })
    }
    streak.text = text
    streak.count += 1
    streak.sends.push(recipient.sendId)
    streak.last = { recipient, reason: outcome.reason }
  }
  return streak
}

/** RFC 3463: x.1.x is about the address, x.2.x about the mailbox. */
function isAboutMailbox(outcome: { class: 'hard' | 'soft'; enhanced?: string }): boolean {
  return outcome.class === 'hard' || /^\d\.[12]\./.test(outcome.enhanced ?? '')
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
