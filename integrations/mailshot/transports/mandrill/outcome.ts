import type { Outcome } from '../../transport.ts'
import { fieldsOf, type MandrillAnswer } from './client.ts'

/**
 * What a message was answered. `uncertain`: whether it was obeyed has to be looked up.
 *
 * @param clean takes the key out of what Mandrill said
 */
export function outcomeOf(answer: MandrillAnswer, clean = (text: string) => text): Outcome {
  const outcome = read(answer)
  return outcome.status === 'accepted' ? outcome : { ...outcome, reason: clean(outcome.reason) }
}

function read(answer: MandrillAnswer): Outcome {
  if ('fault' in answer) {
    const { fault: reason, isHandedOver } = answer
    return isHandedOver
      ? { status: 'uncertain', reason }
      : { status: 'deferred', scope: 'relay', reason }
  }
  const { status, body, retryAfter } = answer
  if (status === 200 && Array.isArray(body)) return taken(fieldsOf(body[0]))
  const { name, message } = fieldsOf(body)
  const said = [name, message].filter((one) => typeof one === 'string').join(': ')
  const reason = `Mandrill answered ${status}${said && `; ${said}`}`
  const verdict = judge({ status: String(status), name: String(name), text: said })
  if (verdict.status !== 'deferred') return { ...verdict, reason }
  const wait = retryAfter ?? verdict.retryAfter
  return { ...verdict, ...(wait !== undefined && { retryAfter: wait }), reason }
}

type Verdict =
  | { status: 'deferred'; scope: 'relay'; retryAfter?: number }
  | { status: 'rejected'; class: 'hard' | 'soft'; enhanced?: string }
  | { status: 'blocked' }
  | { status: 'uncertain' }

const relay: Verdict = { status: 'deferred', scope: 'relay' }
const blocked: Verdict = { status: 'blocked' }
/** Of one message alone, or of all: ten in a row pause the send. RFC 3463 §3.4: the mail system, and no mailbox. */
const soft: Verdict = { status: 'rejected', class: 'soft', enhanced: '5.3.0' }

/**
 * Why Mandrill did not take a recipient, with the status that RFC 3463 has for it. Whom it does not mail by its denylist is no news
 * about the mailbox, but for the bounces.
 *
 * @see https://mailchimp.com/developer/transactional/api/messages/send-new-message/
 */
export const rejections: Readonly<Record<string, Verdict>> = {
  // Which refusal that was is not said.
  'hard-bounce': { status: 'rejected', class: 'hard' },
  'soft-bounce': { status: 'rejected', class: 'soft', enhanced: '4.2.0' },
  spam: { status: 'rejected', class: 'hard', enhanced: '5.7.1' },
  unsub: { status: 'rejected', class: 'hard', enhanced: '5.7.1' },
  custom: { status: 'rejected', class: 'hard', enhanced: '5.7.1' },
  invalid: { status: 'rejected', class: 'hard', enhanced: '5.1.3' },
  rule: { status: 'rejected', class: 'soft', enhanced: '5.7.1' },
  'invalid-sender': blocked,
  unsigned: blocked,
  'test-mode-limit': blocked,
}

function taken({ status, reject_reason: why, _id: id }: Record<string, unknown>): Outcome {
  switch (status) {
    case 'sent':
    case 'queued':
    case 'scheduled':
      if (typeof id === 'string' && id !== '') return { status: 'accepted', providerId: id }
      return { status: 'uncertain', reason: `Mandrill answered ${status} without an id` }
    case 'rejected': {
      const verdict = rejections[String(why)] ?? soft
      return { ...verdict, reason: `Mandrill rejected the recipient: ${String(why)}` }
    }
    case 'invalid': {
      const verdict = rejections['invalid'] ?? soft
      const cause = typeof why === 'string' ? `: ${why}` : ''
      return { ...verdict, reason: `Mandrill calls the recipient invalid${cause}` }
    }
    default:
      return { status: 'uncertain', reason: `Mandrill answered the status ${String(status)}` }
  }
}

/** Fits when all that it names does. */
interface Rule {
  status?: RegExp
  name?: RegExp
  text?: RegExp
  is: Verdict
}

/**
 * The table, in order. Mandrill's errors have names, and not always the HTTP status that its specification gives them.
 *
 * @see https://mailchimp.com/developer/transactional/docs/fundamentals/
 */
const rules: Rule[] = [
  { status: /^429/, is: { ...relay, retryAfter: 5 } },
  { name: /^(?:Invalid_Key|PaymentRequired|Unknown_Subaccount|PoorReputation)$/, is: blocked },
  { name: /^(?:Unknown_|Invalid_)/, is: blocked },
  { name: /^ValidationError$/, text: /\bkey\b|from_email|_domain\b/i, is: blocked },
  { name: /^ValidationError$/, is: soft },
  { name: /^ServiceUnavailable$/, is: relay },
  { status: /^40[134]|^402|^413/, is: blocked },
  { status: /^4/, is: soft },
  { status: /^503/, is: relay },
  { status: /^3/, is: blocked },
  // It failed while it worked, maybe on what it had taken; or between us and Mandrill something lost the answer.
  { is: { status: 'uncertain' } },
]

function judge(said: { status: string; name: string; text: string }): Verdict {
  const found = rules.find(
    ({ status, name, text }) =>
      (status?.test(said.status) ?? true) &&
      (name?.test(said.name) ?? true) &&
      (text?.test(said.text) ?? true),
  )
  return found?.is ?? { status: 'uncertain' }
}
