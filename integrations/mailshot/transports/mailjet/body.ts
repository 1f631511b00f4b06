import type { Mailbox, Message } from '../../transport.ts'
import { guardText } from './encode.ts'

/** All of a message of the Send API v3.1 but its two bodies. */
export type MailjetHead = Record<string, unknown>

/**
 * The message as Mailjet wants it. Mailjet writes Message-Id, Date and List-Id itself and refuses a mail that brings them, so
 * they are left out, and so is the envelope sender.
 */
export function mailjetHead(message: Message): MailjetHead {
  const { track } = message
  const replyTo = message.replyTo ?? readReplyTo(message.headers)
  return {
    From: person(message.from),
    To: [person({ name: message.to.name, address: message.envelope.to })],
    ...(replyTo && { ReplyTo: person(replyTo) }),
    Subject: guardText(message.subject),
    CustomID: customIdOf(message),
    EventPayload: customIdOf(message),
    ...campaignOf(message),
    // Said always: the account's own settings are other ones.
    TrackOpens: track.opens ? 'enabled' : 'disabled',
    TrackClicks: track.clicks ? 'enabled' : 'disabled',
    TemplateLanguage: false,
    Headers: allowedHeaders(message.headers),
  }
}

/**
 * What Mailjet calls the message, in its events and for who asks: `<send>.<recipient>.<resend>`, so that the first mail is not taken
 * for one that was mailed once more. Of a letter it is the Message-ID without its domain, for another database may have a letter
 * of its id.
 */
export function customIdOf({ id, messageId, campaign, resend = 0 }: Message): string {
  return campaign === undefined ? messageId.replace(/^<|@[^@]*$/g, '') : `${id}.${resend}`
}

/**
 * One campaign of Mailjet's for each send, and one more each time recipients are mailed once more: in a campaign Mailjet mails
 * nobody twice, whatever is repeated.
 */
function campaignOf({ id, campaign, resend, headers }: Message): Record<string, unknown> {
  if (campaign === undefined) return {}
  const [sendId = ''] = id.split('.', 1)
  return {
    CustomCampaign: [campaign.slice(0, 100), sendId, ...(resend ? [resend] : [])].join('.'),
    // All mails go to one address then.
    DeduplicateCampaign: headers['X-Mailshot-Redirected-From'] === undefined,
  }
}

/**
 * Send API v3.1, error send-0011: https://dev.mailjet.com/email/guides/send-api-v31/. Reply-To has a property, X-Feedback-Id is
 * Mailjet's own feedback loop.
 */
const forbidden = new Set([
  'from',
  'sender',
  'subject',
  'to',
  'cc',
  'bcc',
  'reply-to',
  'return-path',
  'delivered-to',
  'dkim-signature',
  'domainkey-status',
  'received-spf',
  'authentication-results',
  'received',
  'x-mailjet-prio',
  'x-mailjet-debug',
  'user-agent',
  'x-mailer',
  'x-mj-customid',
  'x-mj-eventpayload',
  'x-mj-vars',
  'x-mj-templateerrordeliver',
  'x-mj-templateerrorreporting',
  'x-mj-templatelanguage',
  'x-mailjet-trackopen',
  'x-mailjet-trackclick',
  'x-mj-templateid',
  'x-mj-workflowid',
  'x-feedback-id',
  'x-mailjet-segmentation',
  'list-id',
  'x-mj-mid',
  'x-mj-errormessage',
  'date',
  'x-csa-complaints',
  'message-id',
  'x-mailjet-campaign',
  'x-mj-statisticscontactslistid',
])

function allowedHeaders(headers: Message['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !forbidden.has(name.toLowerCase())),
  )
}

function readReplyTo(headers: Message['headers']): Mailbox | undefined {
  const [, value = ''] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'reply-to') ?? []
  const [, name = '', address] =
    /^\s*(?:"?([^"<]*?)"?\s*<)?([^\s<>,]+@[^\s<>,]+?)>?\s*$/.exec(value) ?? []
  return address === undefined ? undefined : { name, address }
}

function person({ name, address }: Mailbox): Record<string, string> {
  return name === '' ? { Email: address } : { Email: address, Name: name }
}
