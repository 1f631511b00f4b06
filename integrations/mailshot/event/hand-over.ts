import type { SQL } from 'drizzle-orm/sql'
import { findCode, judgeByWords, judgeRefusal, type Judgement } from '../bounce/refusal.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import type { ClaimedRecipient } from '../recipient.ts'
import type { Outcome } from '../transport.ts'
import { consequenceStatements } from './consequence.ts'
import { countStatement } from './count.ts'
import type { Fact } from './fact.ts'
import { insertEventsStatements } from './write.ts'

/** A recipient that failed at the hand-over, and what was answered to its last try. */
export interface Refused {
  recipient: ClaimedRecipient
  outcome: Extract<Outcome, { status: 'rejected' | 'deferred' }>
}

/**
 * Writes refusals at the hand-over down as events, with what follows from them; to stand behind the statements that settle their
 * recipients. Each is written once, however often that is repeated.
 */
export function handOverStatements(mailshot: Mailshot, refused: readonly Refused[]): SQL[] {
  if (refused.length === 0) return []
  const now = mailshot.now()
  const { transport, redirectTo } = mailshot.config
  const facts = refused.map((one) => {
    const fact = factOf(one, transport.name, now)
    if (redirectTo === undefined) return fact
    return { ...fact, ...aboutNobody, email: parseEmailAddress(redirectTo)?.identity ?? null }
  })
  return [
    countStatement(facts),
    ...insertEventsStatements(facts, now),
    ...consequenceStatements(mailshot, facts),
  ]
}

/** Of a mail that was redirected: the other side did not refuse its reader. */
const aboutNobody = { recipientId: null, subscriberId: null, matchedBy: null }

function factOf({ recipient, outcome }: Refused, transport: string, now: number): Fact {
  const { id, claimId, sendId, subscriberId, written } = recipient
  const { reason } = outcome
  return {
    ...judge(outcome),
    key: `${transport}:hand-over:${id}.${claimId}`,
    transport,
    type: 'rejected',
    word: 'hand-over',
    at: now,
    email: parseEmailAddress(written)?.identity ?? null,
    status: (outcome.status === 'rejected' && outcome.enhanced) || null,
    reason: reason.slice(0, 1000).toWellFormed().replaceAll('\0', '\ufffd'),
    url: null,
    messageId: null,
    ourId: null,
    token: null,
    providerEventId: null,
    isMachine: false,
    raw: JSON.stringify(outcome),
    sendId,
    recipientId: id,
    resend: null,
    subscriberId,
    letterId: null,
    matchedBy: 'our-id',
  }
}

/** One that was put off until its tries were used up has not been refused for good. */
function judge(outcome: Refused['outcome']): Judgement {
  const { reason: text } = outcome
  if (outcome.status === 'deferred') {
    const about = outcome.scope === 'recipient' ? judgeRefusal({ text }).about : 'other'
    return { class: 'soft', about }
  }
  const { enhanced: status, class: said } = outcome
  const code = findCode(text)
  const judged = judgeByWords({ status, code, text })
  if (judged) return judged
  // An API need not say more than that.
  if (status === undefined && code === undefined) {
    return { class: said, about: said === 'hard' ? 'mailbox' : 'other' }
  }
  return judgeRefusal({ status, code, text })
}
