import type { Message, Outcome } from '../../transport.ts'
import { customIdOf } from './body.ts'
import type { MailjetAnswer } from './client.ts'
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts'

type Verdict =
  { outcome: 'blocked' | 'relay' | 'recipient' } | { outcome: 'rejected'; enhanced: string }

const blocked: Verdict = { outcome: 'blocked' }
/** RFC 3463, X.6.0: about the content, whoever it goes to. */
const content: Verdict = { outcome: 'rejected', enhanced: '5.6.0' }
/** RFC 3463, X.1.3: no such address can be. */
const badAddress = '5.1.3'
const address: Verdict = { outcome: 'rejected', enhanced: badAddress }

/** Mailjet's codes for one message: https://dev.mailjet.com/email/guides/send-api-v31/ (error table). */
const verdicts: Record<string, Verdict> = {
  // The account, its keys and its senders: the same for everybody.
  'mj-0001': blocked,
  'mj-0015': blocked,
  'send-0006': blocked,
  'send-0007': blocked,
  'send-0008': blocked,
  'send-0013': blocked,
  // How the call is made.
  'mj-0002': blocked,
  'mj-0003': blocked,
  'mj-0004': blocked,
  'mj-0005': blocked,
  'mj-0007': blocked,
  'mj-0008': blocked,
  'send-0004': blocked,
  'send-0010': blocked,
  'send-0011': blocked,
  'send-0012': blocked,
  'send-0015': blocked,
  'send-0016': blocked,
  // Too large for Mailjet is too large for everybody.
  'mj-0011': blocked,
  // What one reader's fields can bring about.
  'send-0003': content,
  'mj-0006': content,
  'mj-0012': content,
  'mj-0013': address,
}

/**
 * One outcome a message, by position, since an entry that failed does not name its recipient; also of an answer of 400, which a
 * call has when any of its messages failed while the others are sent. Nothing where the answer speaks of no messages.
 */
export function outcomesOf(
  answer: MailjetAnswer,
  messages: readonly Message[],
  clean: (text: string) => string,
): Outcome[] | undefined {
  const entries = 'status' in answer ? fieldsOf(answer.body)['Messages'] : undefined
  if (!Array.isArray(entries)) return undefined
  return messages.map((message, index) => outcomeOf(fieldsOf(entries[index]), message, clean))
}

function outcomeOf(entry: Fields, message: Message, clean: (text: string) => string): Outcome {
  const errors = listOf(entry['Errors'])
  if (entry['Status'] === 'success') return accepted(entry, message)
  if (errors.length === 0) {
    return { status: 'uncertain', reason: 'Mailjet answered, but not about this message' }
  }
  const reason = clean(errors.map(describe).join('; '))
  const found = errors.map(verdictOf)
  // What concerns everybody goes before what concerns one.
  const worst = (['blocked', 'relay', 'recipient', 'rejected'] as const)
    .map((outcome) => found.find((one) => one.outcome === outcome))
    .find((verdict) => verdict !== undefined)
  return toOutcome(worst ?? content, reason)
}

/** An answer to a test (SandboxMode) has no ids. */
function accepted(entry: Fields, message: Message): Outcome {
  const to = fieldsOf(listOf(entry['To'])[0])
  const [id, uuid] = [textOf(to['MessageID']), textOf(to['MessageUUID'])]
  return {
    status: 'accepted',
    providerId: [id, uuid].find((one) => one !== '' && one !== '0') ?? customIdOf(message),
    ...(uuid && { answer: `MessageUUID ${uuid}` }),
  }
}

function verdictOf(error: Fields): Verdict {
  const status = Number(error['StatusCode'])
  if (status === 429) return { outcome: 'relay' }
  if (status === 401 || status === 403) return blocked
  // Of one message, whose next try may fail alike: it costs a try.
  if (status >= 500) return { outcome: 'recipient' }
  const verdict = verdicts[textOf(error['ErrorCode'])] ?? content
  // A wrong sender or reply address is everybody's.
  return isAboutReader(error) || verdict.outcome !== 'rejected' ? verdict : blocked
}

function isAboutReader({ ErrorRelatedTo: related }: Fields): boolean {
  const names = [related].flat().map(textOf)
  return !names.some((name) => /^(?:From|Sender|ReplyTo)\b/.test(name))
}

function toOutcome(verdict: Verdict, reason: string): Outcome {
  switch (verdict.outcome) {
    case 'blocked':
      return { status: 'blocked', reason }
    case 'rejected':
      // Only what is about the mailbox itself is hard.
      return {
        status: 'rejected',
        class: verdict.enhanced === badAddress ? 'hard' : 'soft',
        enhanced: verdict.enhanced,
        reason,
      }
    case 'relay':
    case 'recipient':
      return { status: 'deferred', scope: verdict.outcome, reason }
  }
}

/** The one outcome of all messages of a call that was not read: refused as a whole, or not answered. */
export function outcomeOfCall(answer: MailjetAnswer, clean: (text: string) => string): Outcome {
  if ('fault' in answer) {
    return answer.isHandedOver
      ? { status: 'uncertain', reason: `Mailjet: ${answer.fault}` }
      : { status: 'deferred', scope: 'relay', reason: `Mailjet cannot be reached: ${answer.fault}` }
  }
  const { status, retryAfter } = answer
  const reason = clean(`Mailjet answered ${status}: ${describe(fieldsOf(answer.body))}`)
  // Refused before anything was read of it: https://dev.mailjet.com/email/guides/ (rate limits), RFC 9110 §15.5.9, §15.6.4.
  if (status === 429 || status === 408 || status === 503) {
    return {
      status: 'deferred',
      scope: 'relay',
      reason,
      ...(retryAfter !== undefined && { retryAfter }),
    }
  }
  if (status >= 300 && status < 500) return { status: 'blocked', reason }
  return { status: 'uncertain', reason }
}

/** What an error of Mailjet's says, for people. */
export function describe(error: Fields): string {
  const related = [error['ErrorRelatedTo']].flat().map(textOf).filter(Boolean).join(', ')
  const texts = [error['ErrorCode'], error['ErrorMessage'], related && `(${related})`]
  return texts.map(textOf).filter(Boolean).join(' ') || 'without a word'
}

/** Whether a call was refused as too large, with nothing of it sent. */
export function isTooLarge(answer: MailjetAnswer): boolean {
  if (!('status' in answer)) return false
  const { ErrorCode: code, Messages: entries } = fieldsOf(answer.body)
  return entries === undefined && (answer.status === 413 || code === 'mj-0011')
}
