import { readBounceToken } from '../bounce/verp.ts'
import type { MailshotConfig } from '../config.ts'
import { sendIdNumbers } from '../send/id.ts'
import type { MatchWay, Report } from './fact.ts'

/** A mail that a report names by an id of ours: whether there is such a one is to be seen. */
export interface NamedMail {
  by: MatchWay
  isLetter: boolean
  /** The recipient's or the letter's. */
  id: number
  /** Of a recipient; null where the report does not say. */
  sendId: string | null
  /** Which mail of the recipient; null where the report does not say. */
  resend: number | null
  /** Of a letter: when it was made; null where the report does not say. */
  createdAt: number | null
}

/** The mails that a report names, the surest first. */
export function namedMails(config: MailshotConfig, report: Report): NamedMail[] {
  const mails: NamedMail[] = []
  const byToken = parseToken(config, report.token)
  if (byToken) mails.push({ by: 'token', ...byToken })
  const byMessageId = parseMessageId(report.messageId)
  if (byMessageId) mails.push({ by: 'message-id', ...byMessageId })
  const byOurId = parseOurId(report.ourId)
  if (byOurId) mails.push({ by: 'our-id', ...byOurId })
  return mails
}

/** Whether a report names a mail by an id such as ours: where that is unknown here, it is another site's mail. */
export function namesOurKind(report: Report): boolean {
  const named = [parseMessageId(report.messageId), parseOurId(report.ourId)]
  return named.some((mail) => mail && (mail.isLetter || sendIdNumbers(mail.sendId ?? '')))
}

type Named = Omit<NamedMail, 'by'>

function parseToken(config: MailshotConfig, token: string | null): Named | undefined {
  const mail = token === null ? undefined : readBounceToken(config, token)
  if (mail?.kind === 'letter') return letterOf(mail.id, mail.createdAt)
  return mail && { ...recipientOf('', mail.id, mail.resend), sendId: null }
}

/** `<send>.<recipient>.<resend>@…`, or `letter.<id>.<its time>@…`, with or without brackets. */
export function parseMessageId(text: string | null): Named | undefined {
  const [, id = '', domain] = /^<?([^@]*)(@[^@]+)$/.exec(text ?? '') ?? []
  const mail = domain === undefined ? undefined : parseOurId(id)
  // A letter's has its time always, and only a mail after a resend has a number.
  if (!mail || (mail.isLetter && mail.createdAt === null)) return undefined
  return mail.isLetter ? mail : { ...mail, resend: mail.resend ?? 0 }
}

/** `<send>.<recipient>.<resend>` or `letter.<id>.<its time>`; a reporter may leave the last part out. */
function parseOurId(text: string | null): Named | undefined {
  const match = /^([0-9a-z]+)\.(\d{1,15})(?:\.([0-9a-z]{1,12}))?$/.exec(text ?? '')
  const [, first = '', id = '', last] = match ?? []
  if (!match) return undefined
  if (first === 'letter') {
    return letterOf(id, last === undefined ? null : Number.parseInt(last, 36))
  }
  if (last === undefined) return recipientOf(first, id, null)
  return /^\d+$/.test(last) ? recipientOf(first, id, Number(last)) : undefined
}

function letterOf(id: string | number, createdAt: number | null): Named {
  return { isLetter: true, id: Number(id), sendId: null, resend: null, createdAt }
}

function recipientOf(sendId: string, id: string | number, resend: number | null): Named {
  return { isLetter: false, id: Number(id), sendId, resend, createdAt: null }
}
