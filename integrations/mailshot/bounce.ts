import { isAnswer, isDaemon, isNotice, isTitledSo } from './bounce/daemon.ts'
import { readDeliveryStatus, type RecipientFields } from './bounce/delivery-status.ts'
import { type Feedback, readFeedback } from './bounce/feedback.ts'
import { hasPhrase, plainWords } from './bounce/phrase.ts'
import { challenges } from './bounce/phrases/reply.ts'
import { tokensIn } from './bounce/plus-address.ts'
import { isLeaving } from './bounce/leave.ts'
import { addressesIn, headerOf, type Mail, readMail } from './bounce/mail.ts'
import { quotedAnswer } from './bounce/quoted-answer.ts'
import { withAddress, withoutName } from './bounce/name.ts'
import { isDelay, type NoticeSection, readSections } from './bounce/notice.ts'
import { type Original, readOriginal, splitNotice } from './bounce/original.ts'
import {
  findCode,
  findStatus,
  type Judgement,
  judgeByWords,
  judgeRefusal,
  judgeByExactStatus,
} from './bounce/refusal.ts'

/** What a mail to the bounce address is, and what it says. */
export interface BounceReading {
  /**
   * `bounce`: a mail did not arrive, or not yet. `complaint`: a reader called it spam. `autoreply`: somebody is away.
   * `unsubscribe`: a reader wants no more. `none`: anything else, which must change nothing.
   */
  kind: 'bounce' | 'complaint' | 'autoreply' | 'unsubscribe' | 'none'
  /** One for each recipient it is about; none of an autoreply. */
  reports: BounceReport[]
  /** When, by its own date, in ms since 1970. */
  at: number | undefined
  /** What may prove which mail it is about: what stands behind a `+` where it came to, and in what it returns. */
  tokens: string[]
  /** The links to leave in the mail it returns. */
  leaveLinks: string[]
}

/** What a bounce mail says of one recipient. */
export interface BounceReport {
  /** Whom the mail could not reach, as reported. */
  recipient: string | undefined
  /** Whom it was sent to, where that was passed on to somebody else. */
  original: string | undefined
  /** Of bounces only. */
  judgement: Judgement | undefined
  /** Not given up yet. */
  isDelay: boolean
  /** Enhanced status code, RFC 3463. */
  status: string | undefined
  /** In the other server's words, one line, at most 1000 characters. */
  reason: string | undefined
  /** Of the returned mail, with its angle brackets. */
  messageId: string | undefined
  /** What stands behind the `+` of the address it came to: whether we signed it is not known yet. */
  token: string | undefined
}

/**
 * Reads a raw mail: reports of RFC 3464 and RFC 5965, and the notices of mail systems that follow neither. Takes any bytes, looks
 * at the first 128 KB of them, and never throws for what they are.
 */
export async function readBounce(raw: Uint8Array): Promise<BounceReading> {
  const mail = await readMail(raw)
  const outer = aboutOf(mail)
  const told = read(outer)
  if (hasReport(mail) || !isDaemon(mail)) return { ...told, ...proofsOf(mail, outer) }
  // Gateways put the whole notice of the server behind them into one of their own.
  const inner = await readInner(mail)
  const isTold =
    inner !== undefined && (hasReport(inner) || (told.kind === 'none' && isDaemon(inner)))
  if (!isTold) return { ...told, ...proofsOf(mail, outer) }
  const about = aboutOf(inner)
  return { ...read(about), ...proofsOf(mail, about) }
}

type Told = Pick<BounceReading, 'kind' | 'reports'>

function aboutOf(mail: Mail): About {
  const { notice, returned } = splitNotice(mail.text)
  return { mail, notice, original: readOriginal(mail, returned) }
}

/** What shows which mail it is about: where the outer mail came to, and what the inner one returns. */
function proofsOf(outer: Mail, { mail, original }: About): Omit<BounceReading, keyof Told> {
  const date = Date.parse((headerOf(outer, 'date') ?? '').replace(/\s*\([^()]*\)/g, ''))
  const named = [...original.sender, ...(readFeedback(mail)?.senders ?? [])]
  return {
    at: Number.isNaN(date) ? undefined : date,
    tokens: tokensIn(outer, { sender: named }).slice(0, 20),
    leaveLinks: original.leaveLinks.slice(0, 5),
  }
}

async function readInner(mail: Mail): Promise<Mail | undefined> {
  const part = mail.parts.find(({ type }) => type === 'message/rfc822')?.text
  const returned = part ?? splitNotice(mail.text).returned
  return returned.trim() === '' ? undefined : readMail(Buffer.from(returned))
}

function hasReport(mail: Mail): boolean {
  return readDeliveryStatus(mail) !== undefined || readFeedback(mail) !== undefined
}

function read(about: About): Told {
  const { mail, notice } = about
  const feedback = readFeedback(mail)
  if (feedback) return readComplaint(about, feedback)
  const fields = readDeliveryStatus(mail)
  if (fields) return readReport(about, fields)
  if (isLeaving(mail)) {
    const [recipient] = addressesIn(headerOf(mail, 'from') ?? '')
    return { kind: 'unsubscribe', reports: [reportOf(about, { recipient })] }
  }
  if (isNotice(mail, notice)) return readNotice(about)
  return { kind: isAnswer(mail) ? 'autoreply' : 'none', reports: [] }
}

interface About {
  mail: Mail
  /** What the mail says, without the mail it returns. */
  notice: string
  original: Original
}

function readComplaint(about: About, { kind, recipients, word }: Feedback): Told {
  if (kind === 'none') return { kind, reports: [] }
  const named = recipients.length > 0 ? recipients : about.original.to.slice(0, 1)
  const reports = [...named, ...(named.length > 0 ? [] : [undefined])].map((recipient) =>
    reportOf(about, { recipient, reason: word }),
  )
  return { kind, reports }
}

function readReport(about: About, fields: RecipientFields[]): Told {
  const failed = fields.filter(({ action }) => action !== 'done')
  const sections = readSections(about.mail, about.notice, about.original.to)
  const isNameless = fields.every(({ recipient }) => recipient === undefined)
  if (isNameless && sections.some(({ recipient }) => recipient !== undefined))
    return readNotice(about)
  const reports = failed.map((one) => {
    const section = sections.find(({ recipient }) => isSame(recipient, one.recipient))
    const told = (section ?? (sections.length === 1 ? sections[0] : undefined))?.text ?? ''
    const judgement = judgeFields(one, told)
    return reportOf(about, {
      ...one,
      recipient: one.recipient ?? section?.recipient,
      judgement: one.action === 'delayed' ? { ...judgement, class: 'soft' } : judgement,
      isDelay: one.action === 'delayed',
      reason: one.diagnostic || told,
    })
  })
  // A report that names nobody still says that something did not arrive.
  if (fields.length === 0 && isDaemon(about.mail)) return readNamelessReport(about)
  if (hasPhrase(plainWords(about.notice), challenges)) return { kind: 'none', reports: [] }
  return { kind: reports.length > 0 ? 'bounce' : 'none', reports }
}

function readNamelessReport(about: About): Told {
  const judgement = judgeRefusal({ text: about.notice })
  const report = { recipient: about.original.to[0], judgement, reason: about.notice }
  return { kind: 'bounce', reports: [reportOf(about, report)] }
}

/** What the refusing server said, its exact status, what the notice tells people, its vague status: in that order. */
function judgeFields(fields: RecipientFields, told: string): Judgement {
  const { status, diagnostic, action, recipient } = fields
  const isFinal = action === 'failed'
  return (
    judgeByWords({ status, text: withAddress(diagnostic, recipient), isFinal }) ??
    judgeByExactStatus({ status, text: diagnostic }) ??
    judgeByWords({ status, text: told, isFinal }) ??
    judgeRefusal({ status, text: diagnostic })
  )
}

function readNotice(about: About): Told {
  const { mail, notice, original } = about
  const delayed = isDelay(mail, notice)
  const reports = readSections(mail, notice, original.to).flatMap((section) => {
    const judgement = judgeSection(section, notice, mail.subject)
    if (section.recipient === undefined && !isSure(judgement, about)) return []
    return [
      reportOf(about, {
        recipient: section.recipient ?? original.to[0],
        judgement: delayed ? { ...judgement, class: 'soft' } : judgement,
        isDelay: delayed,
        status: findStatus(section.text),
        reason: section.text,
      }),
    ]
  })
  return { kind: reports.length > 0 ? 'bounce' : 'none', reports }
}

/** What the other server is quoted with, what stands there besides, the rest: in that order. */
function judgeSection({ recipient, text }: NoticeSection, notice: string, subject: string) {
  const said = { status: findStatus(text), code: findCode(text), isFinal: true }
  const answer = quotedAnswer(text)
  return (
    (answer === undefined ? undefined : judgeByWords({ ...said, text: answer })) ??
    judgeByExactStatus({ ...said, text: answer ?? text }) ??
    judgeByWords({ ...said, text: withoutName(without(text, answer), recipient) }) ??
    judgeByWords({ ...said, text: without(notice, answer) }) ??
    judgeByWords({ ...said, text: subject }) ??
    judgeRefusal({ ...said, text })
  )
}

function without(text: string, part = ''): string {
  return part === '' ? text : text.replace(part, () => '\n\n')
}

/**
 * Whom a notice is about that names nobody is a guess: it counts if the address is dead, a server is quoted, or it is called a bounce
 * and shows which mail it is about.
 */
function isSure(judgement: Judgement, { mail, notice, original }: About): boolean {
  const isShown = original.messageId !== undefined || tokensIn(mail, original).length > 0
  const isQuoting = findCode(notice) !== undefined
  return judgement.class === 'hard' || isQuoting || (isShown && isTitledSo(mail))
}

function reportOf({ mail, original }: About, report: Partial<BounceReport>): BounceReport {
  return {
    recipient: report.recipient,
    original: report.original,
    judgement: report.judgement,
    isDelay: report.isDelay ?? false,
    status: report.status,
    reason: report.reason?.replace(/\s+/g, ' ').trim().slice(0, 1000) || undefined,
    messageId: original.messageId,
    token: tokensIn(mail, original)[0],
  }
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase()
}
