import { headerOf, type Mail } from './mail.ts'
import { hasPhrase, plainWords } from './phrase.ts'
import { namesSomebody } from './notice.ts'
import { arrivals, daemonOpenings, openings } from './phrases/notice.ts'
import { awaySubjects } from './phrases/reply.ts'
import { undeliveredAbroad } from './phrases/undelivered-abroad.ts'
import { doneSubjects, otherSubjects, subjects } from './phrases/subject.ts'
import { findCode, judgeByWords } from './refusal.ts'

/** Whether a mail server wrote this mail to say that another one did not arrive, going by all but a report in it. */
export function isNotice(mail: Mail, notice: string): boolean {
  if (mail.parts.some(({ type }) => type === dispositionType)) return isRejection(mail)
  const subject = plainWords(mail.subject).trim()
  if (hasPhrase(subject, otherSubjects)) return false
  if (doneSubjects.some((words) => subject.startsWith(plainWords(words)))) return false
  if (headerOf(mail, 'x-failed-recipients') !== undefined) return true
  const words = plainWords(notice.slice(0, longest))
  const says = hasPhrase(words, openings) || hasPhrase(words, undeliveredAbroad)
  const isTitled = isTitledSo(mail)
  // A subject or an opening alone is too little: people and shops write that something was not delivered, too.
  const judgement = judgeByWords({ text: notice })
  const tells = findCode(notice) !== undefined || judgement !== undefined
  if (!tells && hasPhrase(words, arrivals)) return false
  const isNaming = namesSomebody(mail, notice)
  if (isDaemon(mail)) {
    if (says || (tells && (isTitled || hasPhrase(words, daemonOpenings)))) return true
    if (isTitled && hasNullSender(mail)) return true
    // In words that no table has, but for what it says of a mailbox that it names.
    const isAbout = judgement !== undefined && judgement.about !== 'other' && isNaming
    return isAbout && hasNullSender(mail) && (isNobody(mail) || !isAnswer(mail))
  }
  const isReturned = hasNullSender(mail) || mail.parts.some(({ type }) => type === 'message/rfc822')
  if (!isReturned || isReply(mail) || isOfList(mail)) return false
  return isTitled ? says || (isNaming && tells) : says && tells && !isAnswer(mail)
}

/** Whether its subject says that a mail did not arrive. */
export function isTitledSo(mail: Mail): boolean {
  const subject = plainWords(mail.subject).trim()
  return hasPhrase(subject, subjects) || hasPhrase(subject, undeliveredAbroad)
}

/** A mailbox that refuses a mail it took already answers as if a reader had done so (RFC 5429 §2.2; Dovecot where it is full). */
function isRejection(mail: Mail): boolean {
  return /\(rejected\)/i.test(headerOf(mail, 'auto-submitted') ?? '')
}

/** Newsletters tell of parcels, and of bounces. */
function isOfList(mail: Mail): boolean {
  return ['list-id', 'list-unsubscribe', 'list-post'].some(
    (name) => headerOf(mail, name) !== undefined,
  )
}

/** Somebody passes a notice on, or asks about it. */
function isReply({ subject }: Mail): boolean {
  return /^\s*(?:re|aw|sv|fwd?|wg|tr|rv|vs)\s*:/i.test(subject)
}

/** Whether a program answered for somebody who is away (RFC 3834 §5, and what is seen besides). */
export function isAnswer(mail: Mail): boolean {
  const submitted = headerOf(mail, 'auto-submitted')?.toLowerCase() ?? 'no'
  const precedence = headerOf(mail, 'precedence')?.toLowerCase() ?? ''
  return (
    submitted.startsWith('auto-replied') ||
    /auto[-_]?reply/.test(precedence) ||
    answerHeaders.some((name) => headerOf(mail, name) !== undefined) ||
    hasPhrase(plainWords(mail.subject), awaySubjects)
  )
}

/** Whether it comes from a mail system and not from a person. */
export function isDaemon(mail: Mail): boolean {
  const from = headerOf(mail, 'from') ?? headerOf(mail, 'sender') ?? ''
  const local =
    /([^\s<>"@]{1,64})@/.exec(from.slice(0, 500))?.[1]?.toLowerCase() ?? from.toLowerCase()
  const name = plainWords(from.slice(0, 500))
  return isNobody(mail) || daemons.test(local) || daemonNames.some((words) => name.includes(words))
}

/** Whether it says of itself that nobody wrote it. */
function isNobody(mail: Mail): boolean {
  return /^\s*(?:<\s*>\s*)?$/.test(headerOf(mail, 'from') ?? headerOf(mail, 'sender') ?? '')
}

/** RFC 5321 §4.5.5; some servers write a name into it. */
function hasNullSender(mail: Mail): boolean {
  const path = headerOf(mail, 'return-path')?.trim()
  return path !== undefined && (/^<\s*>$/.test(path) || path === '' || /mailer-?daemon/i.test(path))
}

const longest = 8000
const dispositionType = 'message/disposition-notification'

const answerHeaders = [
  'x-autoreply',
  'x-autorespond',
  'x-autoresponder',
  'x-auto-response-suppress',
  'x-vacation',
  'x-mail-autoreply',
  'x-ms-exchange-inbox-rules-loop',
  'x-precedence-autoreply',
]

const daemons =
  /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|post[-_.]?master|daemon|mdaemon|mail[-_.]?system|mail[-_.]?delivery|mail[-_.]?errors?|ndr|dsn|double-bounce|amavis|content-?filter|mailgate|mailmarshal|e-?mail[-_.]?server|non-?delivery|[a-z_.-]{0,40}(?:antivirus|anti_virus|smtp_gateway|smtp_mail_service)[a-z_.-]{0,40})(?:[-_.+=].{0,64})?$/

const daemonNames = [
  'mail delivery',
  'mail administrator',
  'system administrator',
  'delivery subsystem',
  'mailer-daemon',
  'mailer daemon',
  'mail daemon',
  'mail system',
  'mail router',
  'mail gateway',
  'postmaster',
  'content-filter',
  'ndr administrator',
  'internet mail service',
  'microsoft exchange',
  'microsoft outlook',
  'delivery agent',
  'delivery service',
  'interscan',
  'mail deliver system',
  'system attendant',
]
