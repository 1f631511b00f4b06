import { answerWords } from '../../answer-words.ts'
import type { Outcome } from '../../transport.ts'

/** How a hand-over failed: what nodemailer's error says, and whether the body had begun to leave. */
export interface SmtpFault {
  /** nodemailer's: `EENVELOPE`, `ECONNECTION`, … */
  code?: string | undefined
  /** Node's, below it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
  originalCode?: string | undefined
  command?: string | undefined
  responseCode?: number | undefined
  /** The server's whole answer. */
  response?: string | undefined
  message: string
  handedOver: boolean
  /** Without an answer: the sender had been taken, so that it broke at this mail. */
  isAtMail?: boolean
}

/** What the server was answering: which command, or with `message` the whole body. `link` is none of them. */
type Step = 'link' | 'login' | 'sender' | 'recipient' | 'data' | 'message'

/** A failed hand-over as an outcome; the first rule that fits decides. */
export function outcomeOfFault(fault: SmtpFault): Outcome {
  const reason = reasonOf(fault)
  const code = fault.responseCode ?? 0
  if (code < 400 || code > 599) {
    const verdict = unanswered(fault)
    if (!('scope' in verdict)) return { ...verdict, reason }
    return { ...verdict, step: fault.isAtMail ? 'mail' : 'connection', reason }
  }
  // An address that it quotes may be called anything.
  const text = answerWords(fault.response ?? '')
  const enhanced = enhancedStatus(text)
  const own = text.replace(saidByAnother, ' ')
  const answer = {
    step: stepOf(fault),
    code: String(code),
    status: enhanced?.slice(2) ?? '',
    text: own,
  }
  const verdict = rules.find((rule) => fits(rule, answer))?.is ?? soft
  if (verdict.status === 'deferred') {
    const deferred = { ...verdict, ...retryAfter(text), reason }
    const step = afterSender.includes(answer.step) ? 'mail' : 'connection'
    return deferred.scope === 'relay' ? { ...deferred, step } : deferred
  }
  if (verdict.status === 'blocked' || enhanced === undefined) return { ...verdict, reason }
  return { ...verdict, enhanced, reason }
}

function fits(rule: Rule, answer: { step: Step; code: string; status: string; text: string }) {
  return (
    (rule.at?.includes(answer.step) ?? true) &&
    (rule.code?.test(answer.code) ?? true) &&
    (rule.status?.test(answer.status) ?? true) &&
    (rule.text?.test(answer.text) ?? true)
  )
}

type Verdict =
  | { status: 'deferred'; scope: 'recipient' | 'domain' | 'relay'; retryAfter?: number }
  | { status: 'rejected'; class: 'hard' | 'soft' }
  | { status: 'blocked' }

/** Fits when all that it names does. */
interface Rule {
  at?: Step[]
  code?: RegExp
  /** The RFC 3463 status without its class: `1.1` of `5.1.1`; empty when there is none. */
  status?: RegExp
  text?: RegExp
  is: Verdict
}

const relay: Verdict = { status: 'deferred', scope: 'relay' }
const domain: Verdict = { status: 'deferred', scope: 'domain' }
const recipient: Verdict = { status: 'deferred', scope: 'recipient' }
const hard: Verdict = { status: 'rejected', class: 'hard' }
const soft: Verdict = { status: 'rejected', class: 'soft' }
const blocked: Verdict = { status: 'blocked' }

const afterSender: Step[] = ['recipient', 'data', 'message']

/** What a relay quotes of the server that it asked itself: said to the relay, not to us. */
const saidByAnother = /\bsaid: .*$/is

// What servers tell apart by words only: RFC 3463 has no status for it.
const tooFast = /throttl|rate.?limit|maximum sending rate|too many (?:concurrent|connections|mess)/i
const quota =
  /(?:daily|hourly|sending|submission|sender)(?:(?!size).){0,20}(?:quota|limit).{0,20}exceed|SubmissionQuota/i
// What Exchange and Gmail say of our account after the body, as if it were for good.
const ownQuota = /SubmissionQuotaExceeded|daily (?:user )?sending (?:limit|quota) exceeded/i
const ofOneMailbox = /mailbox|inbox|storage|\b(?:this|that|the|for|to|of) (?:recipient|user)\b/i
// The user of a sending limit is our login.
const notOfSending = /^(?!.*(?:sending|submission|sender))/is
const tooFastForOne = both(ofOneMailbox, tooFast)
const quotaOfOne = both(ofOneMailbox, both(notOfSending, quota))
const ofEverybody = new RegExp(`^(?!.*(?:quota|${ofOneMailbox.source}))`, 'is')
const tooLarge = both(ofEverybody, /size|length|too (?:large|big)/)
// Postfix counts what each client address brings in a minute.
const tooMuchFromUs = /too (?:many recipients|much mail) from/i
const greylisted = /gr[ae]y.?list/i
const full = /mailbox.{0,20}full|over.{0,3}quota|quota.{0,20}exceed|insufficient.{0,10}space/i
const filtered = /spam|policy|block(?:ed|list)|black.?list|reputation|content|virus|access denied/i
const ourselves = new RegExp(
  [
    'sender address rejected|sender .{0,60}not (?:owned|verified)|sender verif(?:y|ication) fail',
    'email address is not verified|send as this sender',
    'relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed)|unable to relay',
    'client host|not authori[sz]ed to (?:perform|send (?:e?mail )?(?:as|from|directly|on behalf))',
    '(?:sending|your account).{0,30}(?:suspend|paus|disabl|lock)',
    '(?:must|need to|please) (?:authenticate|log ?in)|authentication (?:is )?required',
  ].join('|'),
  'i',
)

/** What fits both, anywhere in a text. */
function both(one: RegExp, other: RegExp): RegExp {
  return new RegExp(`^(?=.*(?:${one.source}))(?=.*(?:${other.source}))`, 'is')
}

/**
 * The table, in order. The relay's faults cost no recipient a try, so nothing is one that a single address could cause
 * again and again; and only what is about the mailbox itself is hard.
 */
const rules: Rule[] = [
  { code: /^421/, text: quota, is: { ...relay, retryAfter: 3600 } },
  // The server is closing (RFC 5321 §3.8).
  { code: /^421/, is: relay },
  { at: ['link'], is: relay },
  // Whoever names the mailbox means it, whatever words follow.
  { at: afterSender, code: /^5/, status: /^(?:1\.(?:1|2|3|6|10)|2\.1)$/, is: hard },
  // A mailbox's own quota, before the words that a relay's shares with it.
  { code: /^4/, status: /^2\.2$/, is: recipient },
  { code: /^5/, status: /^2\.2$/, is: soft },
  // Too big for the relay is too big for everybody; at RCPT it may be said of one recipient (RFC 1870 §6.1).
  {
    at: ['sender', 'data', 'message'],
    code: /^5/,
    status: /^3\.4$/,
    text: ofEverybody,
    is: blocked,
  },
  { at: ['sender', 'message'], code: /^552/, status: /^$/, text: tooLarge, is: blocked },
  // A limit that names one mailbox is not the relay's.
  { at: ['recipient', 'message'], text: tooFastForOne, is: recipient },
  { at: ['recipient', 'message'], text: quotaOfOne, is: recipient },
  // Said of one recipient it is their domain's limit; the relay's own are 421, 432 and 454, or said of the sender.
  { at: ['recipient', 'message'], code: /^45[012]/, text: tooFast, is: domain },
  // What one address can cause for good is never the relay's.
  { at: afterSender, code: /^5/, text: tooFast, is: domain },
  { at: ['recipient'], code: /^5/, text: quota, is: { ...domain, retryAfter: 3600 } },
  { code: /^450/, text: tooMuchFromUs, is: { ...relay, retryAfter: 60 } },
  // SES says throttling of both, and only one is over in a moment.
  { code: /^454/, text: quota, is: { ...relay, retryAfter: 3600 } },
  { code: /^4/, text: tooFast, is: { ...relay, retryAfter: 5 } },
  { code: /^4/, text: quota, is: { ...relay, retryAfter: 3600 } },
  { at: ['login', 'sender'], text: tooFast, is: { ...relay, retryAfter: 5 } },
  { at: ['login', 'sender'], text: quota, is: { ...relay, retryAfter: 3600 } },
  { at: ['message'], text: ownQuota, is: { ...relay, retryAfter: 3600 } },
  // Login and sender are the same for every recipient.
  { at: ['login', 'sender'], code: /^4/, is: relay },
  { at: ['login', 'sender'], code: /^503/, text: /^(?!.*auth)/is, is: relay },
  { at: ['login', 'sender'], is: blocked },
  // Servers that delay their checks say at RCPT or after the body what is about the sender or the login.
  { code: /^4/, text: greylisted, is: recipient },
  { code: /^4/, text: ourselves, is: relay },
  { code: /^5/, text: ourselves, is: blocked },
  { code: /^53[0458]/, is: blocked },
  { code: /^5/, status: /^(?:1\.[78]|7\.8)$/, is: blocked },
  { at: ['data'], code: /^503/, is: relay },
  // For good.
  { at: ['recipient'], code: /^55[013]/, status: /^$/, text: full, is: soft },
  { at: ['recipient'], code: /^55[013]/, status: /^$/, text: filtered, is: soft },
  { at: ['recipient'], code: /^55[013]/, status: /^$/, is: hard },
  { code: /^5/, is: soft },
  // For now.
  { code: /^45[01]/, status: /^7\.1$/, is: recipient },
  { status: /^[12]\./, is: recipient },
  { status: /^[3-7]\./, is: domain },
  { text: full, is: recipient },
  { at: ['recipient'], is: recipient },
  { code: /^450/, is: recipient },
  { is: domain },
]

const refusedCertificate =
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|HOSTNAME_MISMATCH)/

// TLS and clear text face each other: the mode belongs to another port.
const wrongMode = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL)/

/** No answer, or one that refuses nothing: then only the hand-over decides what may have happened. */
function unanswered(fault: SmtpFault): Verdict | { status: 'uncertain' } {
  if (fault.handedOver) return { status: 'uncertain' }
  const below = fault.originalCode ?? ''
  if (refusedCertificate.test(below) || wrongMode.test(below)) return blocked
  // nodemailer's own check of an address, before it asks the server.
  if (fault.message.startsWith('Invalid recipient')) return hard
  return /^(?:EAUTH|ENOAUTH|ECONFIG|EENVELOPE)$/.test(fault.code ?? '') ? blocked : relay
}

const stepOfCommand: Record<string, Step> = { 'MAIL FROM': 'sender', 'RCPT TO': 'recipient' }

function stepOf({ handedOver, code, command, responseCode }: SmtpFault): Step {
  if (handedOver) return 'message'
  if (code === 'EAUTH') return 'login'
  // STARTTLS refused for good is a setting to correct, like a login.
  if (code === 'ETLS' && command === 'STARTTLS') return 'login'
  // nodemailer's, where the server knows no EHLO, and so no STARTTLS.
  if (code === 'ECONNECTION' && command === 'EHLO' && isUnknown(responseCode)) return 'login'
  if (code !== 'EENVELOPE') return 'link'
  return stepOfCommand[command ?? ''] ?? 'data'
}

/** RFC 5321 §4.2.4: the command, or a part of it, is not implemented. */
function isUnknown(responseCode = 0): boolean {
  return responseCode >= 500 && responseCode <= 504
}

/** The RFC 3463 status at the start of the text (RFC 2034), or behind a # as Exchange writes it, or in brackets. */
export function enhancedStatus(response: string): string | undefined {
  const match = /^([45])\d\d[ -](?:.*?[#(])??([45])(\.\d{1,3}\.\d{1,3})(?!\d|\.\d)/.exec(response)
  // The three-digit code decides between temporary and permanent where the two disagree.
  return match ? `${match[1]}${match[3]}` : undefined
}

/** A day, for a server that writes milliseconds, or anything. */
const longestWait = 86_400

function retryAfter(text: string): { retryAfter?: number } {
  const match = /\b(?:in|after|wait)\s+(\d{1,6})\s*(s|m|h)(?:ec|in|our|\b)/i.exec(text)
  if (!match) return {}
  const unit = { s: 1, m: 60, h: 3600 }[match[2]?.toLowerCase() ?? 's'] ?? 1
  return { retryAfter: Math.min(Number(match[1]) * unit, longestWait) }
}

function reasonOf({ command, response, message }: SmtpFault): string {
  const text = response ? `${command ?? 'answer'}: ${response}` : inPlainWords(message)
  return text.replace(/\s+/g, ' ').trim()
}

/** nodemailer's words for a server that closes before its greeting, or between two messages, each time anew. */
function inPlainWords(message: string): string {
  return message.startsWith('Reached maximum number of retries')
    ? 'the server closes each connection before a message can be handed over'
    : message
}
