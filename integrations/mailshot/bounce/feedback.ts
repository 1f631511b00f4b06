import { addressesIn, headerOf, type Mail, readHeaders } from './mail.ts'

/** A feedback report (RFC 5965): somebody called a mail spam, or asked to get no more. */
export interface Feedback {
  /** `none`: a report about authentication, a virus, or that it was no spam: it must change nothing. */
  kind: 'complaint' | 'unsubscribe' | 'none'
  /** Whom the mail went to, where the report does not hide it. */
  recipients: string[]
  /** The envelope senders it names. */
  senders: string[]
  /** In the report's words. */
  word: string
}

/** Reads the feedback report in a mail; `undefined` where there is none. */
export function readFeedback(mail: Mail): Feedback | undefined {
  const part = mail.parts.find(({ type }) => type === 'message/feedback-report')
  if (!part) return readHotmail(mail)
  const fields = readHeaders(part.text.trimStart())
  const type = headerOf({ headers: fields }, 'feedback-type')?.toLowerCase()
  const word = /[a-z][\w-]*/.exec(type ?? '')?.[0] ?? 'abuse'
  const recipients = ['original-rcpt-to', 'removal-recipient'].flatMap((name) =>
    fields.filter((field) => field.name === name).flatMap(({ value }) => addressesIn(value)),
  )
  const senders = addressesIn(headerOf({ headers: fields }, 'original-mail-from') ?? '')
  return { kind: kinds[word] ?? 'none', recipients: [...new Set(recipients)], senders, word }
}

/** RFC 5965 §7.3, RFC 6430, RFC 6591 and what is seen besides. */
const kinds: Readonly<Record<string, Feedback['kind']>> = {
  abuse: 'complaint',
  fraud: 'complaint',
  complaint: 'complaint',
  other: 'complaint',
  miscategorized: 'complaint',
  'opt-out': 'unsubscribe',
  'opt-out-list': 'unsubscribe',
}

/** Outlook.com's programme sends the mail itself, with a header that names who complained. */
function readHotmail(mail: Mail): Feedback | undefined {
  const returned = mail.parts.filter(({ type }) => type === 'message/rfc822')
  const headers = [mail.headers, ...returned.map(({ text }) => readHeaders(text))].flat()
  const complainer = headerOf({ headers }, 'x-hmxmroriginalrecipient')
  if (complainer === undefined) return undefined
  const recipients = addressesIn(complainer).slice(0, 1)
  return { kind: 'complaint', recipients, senders: [], word: 'abuse' }
}
