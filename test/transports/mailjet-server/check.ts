import { randomUUID } from 'node:crypto'

/** An error as Mailjet writes it: https://dev.mailjet.com/email/guides/send-api-v31/ (errors). */
export interface MailjetError {
  ErrorIdentifier: string
  ErrorCode: string
  StatusCode: number
  ErrorMessage: string
  ErrorRelatedTo: string[]
}

export function mailjetError(
  ErrorCode: string,
  ErrorMessage: string,
  ErrorRelatedTo: string[] = [],
  StatusCode = 400,
): MailjetError {
  return { ErrorIdentifier: randomUUID(), ErrorCode, StatusCode, ErrorMessage, ErrorRelatedTo }
}

type Check = (value: unknown, at: string) => MailjetError[]

/** What Mailjet finds wrong with one message; nothing, and it is sent. */
export function checkMessage(message: unknown, senders: readonly string[]): MailjetError[] {
  if (!isRecord(message)) return [mismatch('object', 'Messages')]
  const errors = Object.entries(message).flatMap(([name, value]) => {
    const check = Object.hasOwn(properties, name) ? properties[name] : undefined
    return check
      ? check(value, name)
      : [mailjetError('mj-0004', `Unknown property ${name}`, [name])]
  })
  for (const name of ['From', 'To']) if (!(name in message)) errors.push(missing(name))
  if (errors.length > 0) return errors
  return [...checkParts(message), ...checkSender(message, senders)]
}

function checkParts(message: Record<string, unknown>): MailjetError[] {
  const errors: MailjetError[] = []
  if (!message['TextPart'] && !message['HTMLPart'] && !message['TemplateID']) {
    const parts = ['HTMLPart', 'TextPart', 'TemplateID']
    errors.push(
      mailjetError(
        'send-0003',
        'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.',
        parts,
      ),
    )
  }
  if (message['DeduplicateCampaign'] === true && !message['CustomCampaign']) {
    const both = ['CustomCampaign', 'DeduplicateCampaign']
    errors.push(mailjetError('send-0012', '"DeduplicateCampaign" needs "CustomCampaign".', both))
  }
  return errors
}

function checkSender(message: Record<string, unknown>, senders: readonly string[]): MailjetError[] {
  const from = message['From']
  const email = isRecord(from) ? String(from['Email']) : ''
  const isKnown = senders.some((one) => one === email || one === `*@${email.split('@')[1]}`)
  if (isKnown) return []
  const text = `"${email}" is not an authorized sender email address for your account.`
  return [mailjetError('send-0008', text, ['From'], 403)]
}

const text: Check = (value, at) => (typeof value === 'string' ? [] : [mismatch('string', at)])
const flag: Check = (value, at) => (typeof value === 'boolean' ? [] : [mismatch('bool', at)])
const tracking: Check = (value, at) =>
  ['account_default', 'disabled', 'enabled'].includes(String(value))
    ? []
    : [mailjetError('mj-0005', `"${String(value)}" is not an allowed value.`, [at])]

const person: Check = (value, at) => {
  if (!isRecord(value)) return [mismatch('emailIn', at)]
  const { Email, Name, ...others } = value
  if (Email === undefined) return [missing(`${at}.Email`)]
  if (Email === '') return [mailjetError('mj-0012', 'The value is empty.', [`${at}.Email`])]
  if (typeof Email !== 'string') return [mismatch('string', `${at}.Email`)]
  if (Name !== undefined && typeof Name !== 'string') return [mismatch('string', `${at}.Name`)]
  if (Object.keys(others).length > 0) return [mismatch('emailIn', at)]
  if (/^[^\s@<>]+[^\s@<>.]@[\w-]+(\.[\w-]+)+$|^[^\s@<>.]@[\w.-]+\.\w+$/u.test(Email)) return []
  return [mailjetError('mj-0013', `"${Email}" is an invalid email address.`, [`${at}.Email`])]
}

const people: Check = (value, at) => {
  if (!Array.isArray(value)) return [mismatch('array of emails', at)]
  if (value.length === 0) return [mailjetError('mj-0007', 'The array is empty.', [at])]
  return value.flatMap((one, index) => person(one, `${at}[${index}]`))
}

const subject: Check = (value, at) => {
  if (typeof value !== 'string') return [mismatch('string', at)]
  if (value.length <= 255) return []
  return [mailjetError('mj-0006', 'The value is too long. Max allowed - 255', [at])]
}

const headers: Check = (value, at) => {
  if (!isRecord(value)) return [mismatch('object', at)]
  return Object.entries(value).flatMap(([name, one]) => {
    if (typeof one !== 'string') return [mismatch('string', `${at}["${name}"]`)]
    if (!forbidden.includes(name.toLowerCase())) return []
    const related = [`Headers["${name}"]`]
    return [
      mailjetError(
        'send-0011',
        'Header cannot be customized using the "Headers" collection.',
        related,
      ),
    ]
  })
}

/** Those that the transport may use, with their types; Mailjet has more. */
const properties: Record<string, Check> = {
  From: person,
  To: people,
  ReplyTo: person,
  Subject: subject,
  TextPart: text,
  HTMLPart: text,
  CustomID: text,
  EventPayload: text,
  CustomCampaign: text,
  DeduplicateCampaign: flag,
  TrackOpens: tracking,
  TrackClicks: tracking,
  TemplateLanguage: flag,
  Headers: headers,
}

// send-0011, as its page lists them.
const forbidden = (
  'From Sender Subject To Cc Bcc Return-Path Delivered-To DKIM-Signature DomainKey-Status Received-SPF ' +
  'Authentication-Results Received X-Mailjet-Prio X-Mailjet-Debug User-Agent X-Mailer X-MJ-CustomID X-MJ-EventPayload ' +
  'X-MJ-Vars X-MJ-TemplateErrorDeliver X-MJ-TemplateErrorReporting X-MJ-TemplateLanguage X-Mailjet-TrackOpen ' +
  'X-Mailjet-TrackClick X-MJ-TemplateID X-MJ-WorkflowID X-Feedback-Id X-Mailjet-Segmentation List-Id X-MJ-MID ' +
  'X-MJ-ErrorMessage Date X-CSA-Complaints Message-Id X-Mailjet-Campaign X-MJ-StatisticsContactsListID Reply-To'
)
  .toLowerCase()
  .split(' ')

function mismatch(type: string, at: string): MailjetError {
  return mailjetError('mj-0004', `Type mismatch. Expected type "${type}".`, [at])
}

function missing(at: string): MailjetError {
  return mailjetError('mj-0003', `"${at}" property is mandatory but missing from the input.`, [at])
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
