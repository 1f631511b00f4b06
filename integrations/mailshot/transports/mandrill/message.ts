import { hash } from 'node:crypto'
import type { Mailbox, Message } from '../../transport.ts'
import type { CheckedMandrillOptions } from './options.ts'

/** The field of the metadata that has our id of a mail. */
export const idField = 'mailshot_id'

/**
 * A message as `messages/send` takes it, for one recipient: headers are the whole call's. What the account could set otherwise
 * is said in full, so that a mail is what was composed: `*|…|*` stays as it is written, tracking is what the campaign asks for.
 *
 * @see https://mailchimp.com/developer/transactional/api/messages/send-new-message/
 */
export function sendParameters(
  message: Message,
  options: CheckedMandrillOptions,
): Record<string, unknown> {
  const { from, to, envelope, subject, html, text, track, campaign } = message
  const { subaccount, ipPool, returnPathDomain, trackingDomain } = options
  return {
    message: {
      from_email: from.address,
      ...(from.name && { from_name: from.name }),
      to: [{ email: envelope.to, ...(to.name && { name: to.name }), type: 'to' }],
      subject,
      ...(html && { html }),
      ...(text && { text }),
      headers: headersOf(message),
      track_opens: track.opens,
      track_clicks: track.clicks,
      merge: false,
      preserve_recipients: false,
      important: campaign === undefined,
      auto_text: false,
      auto_html: false,
      inline_css: false,
      url_strip_qs: false,
      metadata: { [idField]: ourIdOf(message) },
      ...(campaign !== undefined && { tags: [tagOf(campaign)] }),
      ...(subaccount !== undefined && { subaccount }),
      ...(returnPathDomain !== undefined && { return_path_domain: returnPathDomain }),
      ...(trackingDomain !== undefined && { tracking_domain: trackingDomain }),
    },
    async: false,
    ...(ipPool !== undefined && { ip_pool: ipPool }),
  }
}

/**
 * What Mandrill gives back in every event of a mail: `<send>.<recipient>.<resend>`. Of a letter it is the Message-ID without its domain,
 * for another database may have a letter of its id.
 */
export function ourIdOf({ id, messageId, campaign, resend = 0 }: Message): string {
  return campaign === undefined ? messageId.replace(/^<|@[^@]*$/g, '') : `${id}.${resend}`
}

// Made by Mandrill from the other fields, or an instruction to it.
const ownHeaders = new Set(['subject', 'from', 'to', 'cc', 'bcc', 'mime-version'])

function headersOf({ headers, replyTo }: Message): Record<string, string> {
  const allowed = Object.entries(headers).filter(([name]) => isAllowed(name.toLowerCase()))
  return {
    ...Object.fromEntries(allowed),
    ...(replyTo && { 'Reply-To': mailboxText(replyTo) }),
  }
}

function isAllowed(name: string): boolean {
  return !ownHeaders.has(name) && !/^(?:content-|x-mc-)/.test(name)
}

/** RFC 5322 §3.4. Mandrill writes a header as it is given, so a name beyond ASCII is left out. */
function mailboxText({ name, address }: Mailbox): string {
  const isPlain = /^[\x20-\x7e]+$/.test(name)
  return isPlain ? `"${name.replace(/["\\]/g, '\\$&')}" <${address}>` : address
}

const longestTag = 50

/** A slug as a tag: at most 50 characters, none of Mandrill's own, which begin with an underscore. */
export function tagOf(campaign: string): string {
  const tag = campaign.replace(/^_+/, '')
  if (tag.length <= longestTag && tag !== '') return tag
  return `${tag.slice(0, longestTag - 13)}~${hash('sha256', campaign).slice(0, 12)}`
}
