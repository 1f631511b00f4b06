import type { Outcome } from '../../transport.ts'
import { fieldsOf, type SparkpostAnswer } from './client.ts'

/**
 * What a transmission of one recipient was answered. `uncertain`: whether it was obeyed has to be looked up.
 *
 * @param clean takes the key out of what SparkPost said
 */
export function outcomeOf(answer: SparkpostAnswer, clean = (text: string) => text): Outcome {
  const outcome = read(answer)
  return outcome.status === 'accepted' ? outcome : { ...outcome, reason: clean(outcome.reason) }
}

function read(answer: SparkpostAnswer): Outcome {
  if ('fault' in answer) {
    const { fault: reason, isHandedOver } = answer
    return isHandedOver
      ? { status: 'uncertain', reason }
      : { status: 'deferred', scope: 'relay', reason }
  }
  const { status, body, retryAfter } = answer
  if (status >= 200 && status < 300) return taken(answer)
  const errors = errorsOf(fieldsOf(body)['errors'])
  const verdict = judge(String(status), errors)
  const reason = reasonOf(status, errors)
  if (verdict.status !== 'deferred') return { ...verdict, reason }
  const wait = retryAfter ?? verdict.retryAfter
  return { ...verdict, ...(wait !== undefined && { retryAfter: wait }), reason }
}

/** Accepted, or with `rcpt_to_errors` refused for the one recipient there was. */
function taken({ status, body }: { status: number; body: unknown }): Outcome {
  const { results, errors } = fieldsOf(body)
  const { id, total_accepted_recipients: accepted, rcpt_to_errors: refused } = fieldsOf(results)
  const said = [...errorsOf(refused), ...errorsOf(errors)]
  if (accepted === 0) return { ...judge('422', said), reason: reasonOf(status, said) }
  if (accepted === undefined || (typeof id !== 'string' && typeof id !== 'number')) {
    return { status: 'uncertain', reason: `${status} without the id of a transmission` }
  }
  return { status: 'accepted', providerId: String(id) }
}

interface ApiError {
  code: string
  message: string
  description: string
}

function errorsOf(errors: unknown): ApiError[] {
  if (!Array.isArray(errors)) return []
  return errors.map((one: unknown) => {
    const { code, message, description } = fieldsOf(one)
    return { code: textOf(code), message: textOf(message), description: textOf(description) }
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function reasonOf(status: number, errors: ApiError[]): string {
  const said = errors.map(({ code, message, description }) =>
    [message, description && `: ${description}`, code && ` (${code})`].join(''),
  )
  return [`SparkPost answered ${status}`, ...said].join('; ')
}

type Verdict =
  | { status: 'deferred'; scope: 'relay'; retryAfter?: number }
  | { status: 'rejected'; class: 'hard' | 'soft'; enhanced?: string }
  | { status: 'blocked' }
  | { status: 'uncertain' }

/** Fits when all that it names does. */
interface Rule {
  status?: RegExp
  /** Of any of the errors. */
  code?: RegExp
  text?: RegExp
  is: Verdict
}

const relay: Verdict = { status: 'deferred', scope: 'relay' }
const blocked: Verdict = { status: 'blocked' }
/** Of one message alone, or of all: ten in a row pause the send. RFC 3463 §3.4: the mail system, and no mailbox. */
const soft: Verdict = { status: 'rejected', class: 'soft', enhanced: '5.3.0' }
/** RFC 3463 §3.2: not an address. */
const noAddress: Verdict = { status: 'rejected', class: 'hard', enhanced: '5.1.3' }
/** RFC 3463 §3.8: known, and not mailed. */
const suppressed: Verdict = { status: 'rejected', class: 'hard', enhanced: '5.7.1' }

/**
 * The table, in order.
 *
 * @see https://developers.sparkpost.com/api/#header-error-table
 * @see https://support.sparkpost.com/docs/tech-resources/extended-error-codes
 */
const rules: Rule[] = [
  // The account's limits: nothing was sent.
  { status: /^420/, code: /^2103$/, is: blocked },
  { status: /^420/, text: /sandbox/i, is: blocked },
  { status: /^420/, text: /month/i, is: { ...relay, retryAfter: 86_400 } },
  { status: /^420/, is: { ...relay, retryAfter: 3600 } },
  { status: /^429/, is: { ...relay, retryAfter: 5 } },
  // Key, grants, sender and settings are the same for every reader.
  { status: /^40[1345]|^41[35]/, is: blocked },
  { code: /^(?:1303|1304|1601|1603|7\d\d\d)$/, is: blocked },
  { code: /^1[34]00$/, text: /content\.from|return_path|ip_pool|tracking_domain/i, is: blocked },
  { code: /^1502$/, is: relay },
  // Until 2018 this was the answer for an address on the account's suppression list.
  { text: /suppress/i, is: suppressed },
  { code: /^5002$/, is: noAddress },
  { code: /^1300$/, text: /recipient|rcpt|email address|address\.email/i, is: noAddress },
  { status: /^409/, is: relay },
  { status: /^4/, is: soft },
  // RFC 9110 §15.6.4: it did not begin.
  { status: /^503/, is: relay },
  { status: /^3/, is: blocked },
  // It failed while it worked, maybe on what it had taken; or between us and SparkPost something lost the answer.
  { is: { status: 'uncertain' } },
]

function judge(status: string, errors: ApiError[]): Verdict {
  const text = errors.map(({ message, description }) => `${message} ${description}`).join(' ')
  const found = rules.find(
    (rule) =>
      (rule.status?.test(status) ?? true) &&
      (rule.code === undefined || errors.some(({ code }) => rule.code?.test(code))) &&
      (rule.text?.test(text) ?? true),
  )
  return found?.is ?? { status: 'uncertain' }
}
