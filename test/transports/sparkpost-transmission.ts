import { z } from 'zod'
import type { ArrivedMail } from '../transport-contract.ts'
import type { ProviderAnswer } from './provider-server.ts'

// What SparkPost checks; fields that it does not know pass unseen, a misspelt option too.
const shape = z.object({
  options: z
    .object({
      open_tracking: z.boolean().default(true),
      initial_open: z.boolean().default(true),
      click_tracking: z.boolean().default(true),
      transactional: z.boolean().default(false),
      perform_substitutions: z.boolean().default(true),
      ip_pool: z.string().optional(),
    })
    .prefault({}),
  campaign_id: z.string().optional(),
  return_path: z.string().optional(),
  recipients: z
    .array(
      z.object({
        address: z.object({ email: z.string(), name: z.string().optional() }),
        metadata: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .min(1),
  content: z.object({
    from: z.object({ email: z.string(), name: z.string().optional() }),
    subject: z.string(),
    html: z.string().optional(),
    text: z.string().optional(),
    reply_to: z.string().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
})

export interface Transmission extends z.output<typeof shape> {
  id: string
  to: string
  metadata: Record<string, unknown>
}

type Refusal = { refused: Exclude<ProviderAnswer, string> }

let taken = 0

/** A body as SparkPost takes it, or its refusal. */
export function takeTransmission(text: string, domains?: string[]): Transmission | Refusal {
  const body = parsed(text)
  if (body === undefined) return refused(422, 'invalid data format/type', '1300')
  const read = shape.safeParse(body)
  if (!read.success) {
    const [issue] = read.error.issues
    const isMissing = issue?.code === 'invalid_type' && issue.message.includes('undefined')
    const path = issue?.path.join('.') ?? ''
    return isMissing
      ? refused(422, 'required field is missing', '1400', `${path} is required`)
      : refused(422, 'invalid data format/type', '1300', `${path}: ${issue?.message}`)
  }
  const { recipients, content } = read.data
  const [recipient] = recipients
  const wrong = wrongIn(read.data, domains)
  if (wrong || !recipient) return wrong ?? refused(422, 'required field is missing', '1400')
  taken += 1
  // Ids beyond what a number holds exactly.
  const id = `84345317650824${String(taken).padStart(4, '0')}`
  return { ...read.data, content, id, to: recipient.address.email, metadata: recipient.metadata }
}

const forbidden = /^(?:subject|from|to|reply-to|content-.*)$/i

function wrongIn(
  { campaign_id: campaign = '', recipients, content }: z.output<typeof shape>,
  domains: string[] | undefined,
): Refusal | undefined {
  if (Buffer.byteLength(campaign) > 64) {
    const description = 'campaign_id: maximum length of 64 bytes exceeded'
    return refused(422, 'invalid data format/type', '1300', description)
  }
  if (recipients.some(({ metadata }) => JSON.stringify(metadata).length > 1000)) {
    return refused(422, 'invalid data format/type', '1300', 'metadata: too large')
  }
  const header = Object.keys(content.headers).find((name) => forbidden.test(name))
  if (header !== undefined) return refused(422, 'Invalid header', '3002', `${header} not allowed`)
  if (!content.html && !content.text) {
    return refused(422, 'required field is missing', '1400', 'content.html or content.text')
  }
  if (!recipients.every(({ address }) => /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(address.email))) {
    return refused(400, 'At least one valid recipient is required', '5002')
  }
  const domain = content.from.email.split('@').at(-1) ?? ''
  if (domains && !domains.includes(domain)) {
    return refused(400, 'Invalid domain', '7001', 'Unconfigured or unverified sending domain.')
  }
  return undefined
}

/** An error body; those of the gateway have neither code nor description. */
export function refuse(
  status: number,
  message: string,
  code?: string,
  description?: string,
): Exclude<ProviderAnswer, string> {
  const error = { message, ...(description && { description }), ...(code && { code }) }
  return { status, body: { errors: [error] } }
}

function refused(...parts: Parameters<typeof refuse>): Refusal {
  return { refused: refuse(...parts) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The mail that a transmission makes. `perform_substitutions: false` leaves the bodies alone and switches the macros off; headers are
 * substituted all the same.
 */
export function render(transmission: Transmission): ArrivedMail {
  const { content, options, to } = transmission
  const all = options.perform_substitutions
  const head = (text: string) => substituted(text, all)
  const body = (text = '') => (all ? substituted(text, true) : text)
  return {
    to,
    from: `${head(content.from.name ?? '')} <${content.from.email}>`,
    subject: head(content.subject),
    html: body(content.html),
    text: body(content.text),
    headers: Object.fromEntries(
      Object.entries(content.headers).map(([name, value]) => [name.toLowerCase(), head(value)]),
    ),
  }
}

const printed: Record<string, string> = {
  'opening_double_curly()': '{{',
  'closing_double_curly()': '}}',
  'opening_triple_curly()': '{{{',
  'closing_triple_curly()': '}}}',
}

/** What is not known becomes nothing. */
function substituted(text: string, hasMacros: boolean): string {
  return text.replace(/\{\{\{?(.*?)\}?\}\}/gs, (_all, expression: string) =>
    hasMacros ? (printed[expression.trim()] ?? '') : '',
  )
}
