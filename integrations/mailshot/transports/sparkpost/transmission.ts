import { hash } from 'node:crypto'
import type { Mailbox, Message } from '../../transport.ts'
import type { CheckedSparkpostOptions } from './options.ts'

/** The field of the metadata that has our id of a mail. */
export const idField = 'mailshot_id'

/**
 * A message as a transmission of one recipient, for each reader has headers of their own.
 *
 * @see https://developers.sparkpost.com/api/transmissions/
 */
export function transmissionOf(
  message: Message,
  options: CheckedSparkpostOptions,
): Record<string, unknown> {
  const { opens, clicks } = message.track
  // A letter is answered by its reader and has no List-Unsubscribe, which SparkPost would add, and whose users it would refuse.
  const isLetter = message.campaign === undefined
  const { content, substitutes } = contentOf(message)
  return {
    options: {
      open_tracking: opens,
      // A second picture, whose report may come in another batch than the first one's: one reading would count twice.
      initial_open: false,
      click_tracking: clicks,
      transactional: isLetter,
      perform_substitutions: substitutes,
      ...(options.ipPool !== undefined && { ip_pool: options.ipPool }),
    },
    ...(!isLetter && { campaign_id: campaignId(message) }),
    ...(options.returnPath !== undefined && { return_path: options.returnPath }),
    ...(options.trackingDomain !== undefined && { tracking_domain: options.trackingDomain }),
    recipients: [
      {
        address: {
          email: addressOf(message, options),
          ...(message.to.name && { name: message.to.name }),
        },
        metadata: { [idField]: ourIdOf(message) },
      },
    ],
    content,
  }
}

/**
 * What SparkPost gives back in every event of a mail: `<send>.<recipient>.<resend>`. Of a letter it is the Message-ID without its domain,
 * for another database may have a letter of its id.
 */
export function ourIdOf({ id, messageId, campaign, resend = 0 }: Message): string {
  return campaign === undefined ? messageId.replace(/^<|@[^@]*$/g, '') : `${id}.${resend}`
}

export const sinkSuffix = '.sink.sparkpostmail.com'

/** Where the message goes, as SparkPost is told. */
export function addressOf({ envelope }: Message, { sink }: CheckedSparkpostOptions): string {
  return sink ? `${envelope.to}${sinkSuffix}` : envelope.to
}

const longestCampaign = 64

/**
 * The sender's domain and the slug, in 64 bytes. What is longer is cut and ends with a hash of the whole: the same for each
 * mail of a campaign, and different between campaigns.
 */
function campaignId({ from, campaign = '' }: Pick<Message, 'from' | 'campaign'>): string {
  const whole = `${from.address.slice(from.address.lastIndexOf('@') + 1)}/${campaign}`
  const bytes = Buffer.from(whole)
  if (bytes.length <= longestCampaign) return whole
  const end = `~${hash('sha256', whole).slice(0, 12)}`
  // A character cut in two would become another one.
  const start = bytes.subarray(0, longestCampaign - end.length).toString()
  return `${start.replace(/\uFFFD+$/, '')}${end}`
}

// Made by SparkPost from the other fields, and refused or doubled here.
const ownHeaders = new Set(['subject', 'from', 'to', 'cc', 'bcc', 'reply-to', 'mime-version'])

function contentOf({ from, replyTo, subject, html, text, headers }: Message) {
  const allowed = Object.entries(headers).filter(([name]) => isAllowed(name.toLowerCase()))
  const heads = [from.name, replyTo?.name ?? '', subject, ...allowed.map(([, value]) => value)]
  // Without substitutions the bodies are sent as they are; headers are not said to be: braces there need the template language.
  const substitutes = heads.some((value) => /\{\{|\}\}/.test(value))
  const write = substitutes ? guardBraces : (value: string) => value
  const content = {
    from: { email: from.address, ...(from.name && { name: write(from.name) }) },
    ...(replyTo && { reply_to: write(mailboxText(replyTo)) }),
    subject: write(subject),
    headers: Object.fromEntries(allowed.map(([name, value]) => [name, write(value)])),
    ...(html && { html: write(html) }),
    ...(text && { text: write(text) }),
  }
  return { content, substitutes }
}

function isAllowed(name: string): boolean {
  return !ownHeaders.has(name) && !name.startsWith('content-')
}

/** RFC 5322 §3.4. */
function mailboxText({ name, address }: Mailbox): string {
  return name ? `"${name.replace(/["\\]/g, '\\$&')}" <${address}>` : address
}

/**
 * The text with the braces of the template language written as the macros that print them.
 *
 * @see https://developers.sparkpost.com/api/template-language/#header-braces-macros
 */
function guardBraces(text: string): string {
  return text.replace(/[{}]{2,}/g, (run) =>
    (run.match(/\{+|\}+/g) ?? [])
      .map((braces) => (braces.length === 1 ? braces : macros(braces)))
      .join('')
      // A lone brace must not grow together with a macro's.
      .replace(/\{(?=\{\{\w)|(?<=\(\))\}\}(?=\})/g, '$& '),
  )
}

/** Doubles, and one triple where the number is odd. */
function macros(braces: string): string {
  const kind = braces.startsWith('{') ? 'opening' : 'closing'
  const isOdd = braces.length % 2
  const doubles = `{{${kind}_double_curly()}}`.repeat(Math.floor(braces.length / 2) - isOdd)
  return isOdd ? `{{${kind}_triple_curly()}}${doubles}` : doubles
}
