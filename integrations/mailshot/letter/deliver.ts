import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { allowance, laneOf, returnSlotsStatement } from '../pace.ts'
import type { Outcome } from '../transport.ts'
import { composeLetter, type Letter } from './compose.ts'

/** At once; more would hold up the campaign's own connections. */
const atOnce = 5

const minute = 60_000
/** After the first, second, … try: from 10 minutes on, given up some 18 hours after the first. */
const retryDelays = [10, 20, 60, 180, 360, 450].map((minutes) => minutes * minute)

/**
 * Mails the letters that are due, ahead of campaigns and out of the reserve of the pace, and writes their outcomes down. Ends
 * when none is due or the pace allows none now. Answers how many it tried.
 */
export async function deliverLetters(
  mailshot: Mailshot,
  workerId: string,
  signal: AbortSignal,
): Promise<number> {
  let tried = 0
  while (!signal.aborted) {
    const letters = await takeLetters(mailshot, workerId)
    if (letters.length === 0) break
    await Promise.all(letters.map((letter) => deliverLetter(mailshot, letter, signal)))
    tried += letters.length
  }
  return tried
}

type LetterRow = Omit<Letter, 'values'> & { values: string }

async function takeLetters(mailshot: Mailshot, workerId: string): Promise<Letter[]> {
  const now = mailshot.now()
  const isDue = sql`status = 'pending' AND due_at <= ${now}`
  const due = await mailshot.db.get(sql`SELECT 1 FROM letters WHERE ${isDue} LIMIT 1`)
  if (!due) return []
  const [rows = []] = await mailshot.db.write<LetterRow>(sql`
    UPDATE letters SET status = 'in-hand', worker_id = ${workerId}, tries = tries + 1
    WHERE id IN (SELECT id FROM letters WHERE ${isDue} ORDER BY due_at LIMIT ${allowed(mailshot, now)})
    RETURNING id, kind, email, lang, "values", tries, created_at AS createdAt`)
  return rows.map((row) => ({ ...row, values: JSON.parse(row.values) }))
}

/** The site's own mailer has no pace of ours; the campaigns' transport has. */
function allowed(mailshot: Mailshot, now: number): SQL {
  const lane = laneOf(mailshot.config, 'letter')
  return mailshot.config.mailer ? sql`${atOnce}` : allowance(lane, atOnce, now)
}

async function deliverLetter(
  mailshot: Mailshot,
  letter: Letter,
  signal: AbortSignal,
): Promise<void> {
  const { outcome, messageId } = await handOver(mailshot, letter, signal)
  await settleLetter(mailshot, letter, messageId, outcome)
}

async function handOver(
  mailshot: Mailshot,
  letter: Letter,
  signal: AbortSignal,
): Promise<{ outcome: Outcome; messageId: string | null }> {
  const transport = mailshot.config.mailer ?? mailshot.config.transport
  try {
    const message = await composeLetter(mailshot, letter)
    const [outcome] = await transport.send([message], signal)
    return { outcome: outcome ?? noAnswer, messageId: message.messageId }
  } catch (error) {
    // One letter that cannot be composed must not hold up the others; it is tried again, then kept as failed.
    mailshot.log.error({ err: error, letter: letter.id }, 'a letter could not be handed over')
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: { status: 'uncertain', reason }, messageId: null }
  }
}

const noAnswer: Outcome = { status: 'uncertain', reason: 'the transport gave no answer' }

async function settleLetter(
  mailshot: Mailshot,
  letter: Letter,
  messageId: string | null,
  outcome: Outcome,
): Promise<void> {
  const now = mailshot.now()
  const lane = laneOf(mailshot.config, 'letter')
  const usesLane = !mailshot.config.mailer && lane.limits.length > 0
  const { status, dueAt, reason } = fateOf(letter, outcome, now)
  const answer = outcome.status === 'accepted' ? (outcome.answer ?? outcome.providerId) : null
  await mailshot.db.write(
    ...(usesLane ? [returnSlotsStatement(lane, stillInHand(letter), now)] : []),
    sql`UPDATE letters SET status = ${status}, due_at = ${dueAt}, reason = ${reason}, answer = ${answer},
          message_id = ${messageId}, settled_at = ${now}, worker_id = NULL
        WHERE id = ${letter.id} AND status = 'in-hand'`,
  )
  if (status === 'failed') mailshot.log.error({ letter: letter.id, reason }, 'a letter failed')
}

function stillInHand(letter: Letter): SQL {
  return sql`(SELECT count(*) FROM letters WHERE id = ${letter.id} AND status = 'in-hand')`
}

/** Only a mailbox that does not exist ends a letter early; everything else may pass within the day. */
function fateOf(
  letter: Letter,
  outcome: Outcome,
  now: number,
): { status: 'sent' | 'pending' | 'failed'; dueAt: number; reason: string | null } {
  if (outcome.status === 'accepted') return { status: 'sent', dueAt: now, reason: null }
  const { reason } = outcome
  const isFinal = outcome.status === 'rejected' && outcome.class === 'hard'
  const delay = retryDelays[letter.tries - 1]
  if (isFinal || delay === undefined) return { status: 'failed', dueAt: now, reason }
  return { status: 'pending', dueAt: now + delay, reason }
}
