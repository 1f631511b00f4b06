import { z } from 'zod'
import type { ArrivedMail } from '../transport-contract.ts'
import type { ProviderAnswer } from './provider-server.ts'

export interface MandrillServerOptions {
  key?: string
  subaccounts?: string[]
  /** The sender domains whose mails it can sign; all of them unless given. */
  domains?: string[]
  /** Address → why it is on the denylist. */
  denylist?: Record<string, string>
}

export type Call = Record<string, unknown>

// What Mandrill checks; fields that it does not know pass unseen.
const shape = z.object({
  async: z.boolean().default(false),
  ip_pool: z.string().optional(),
  message: z.object({
    from_email: z.string(),
    from_name: z.string().optional(),
    to: z.array(z.object({ email: z.string(), name: z.string().optional(), type: z.string() })),
    subject: z.string(),
    html: z.string().optional(),
    text: z.string().optional(),
    headers: z.record(z.string(), z.string()).default({}),
    track_opens: z.boolean().optional(),
    track_clicks: z.boolean().optional(),
    merge: z.boolean().default(true),
    preserve_recipients: z.boolean().default(true),
    metadata: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
    tags: z.array(z.string()).default([]),
    subaccount: z.string().optional(),
  }),
})

export type SentMessage = z.output<typeof shape>['message'] & { id: string }

/** What Mandrill has: also what it refused is found. */
export interface Books {
  sent: SentMessage[]
  rejected: SentMessage[]
}

export function ok(body: unknown): ProviderAnswer {
  return { status: 200, body }
}

/** An error body. Most come with 500, whatever the specification says. */
export function refuse(
  code: number,
  name: string,
  message: string,
  status = 500,
): Exclude<ProviderAnswer, string> {
  return { status, body: { status: 'error', code, name, message } }
}

/** Takes a message for each of its recipients, or says why not. */
export function send(body: Call, books: Books, options: MandrillServerOptions): ProviderAnswer {
  const read = shape.safeParse(body)
  if (!read.success) {
    const [issue] = read.error.issues
    const message = `Validation error: {"${issue?.path.join('.')}":"${issue?.message}"}`
    return refuse(-2, 'ValidationError', message)
  }
  const { message, async } = read.data
  const { subaccount, tags, to } = message
  if (subaccount !== undefined && !options.subaccounts?.includes(subaccount)) {
    return refuse(12, 'Unknown_Subaccount', `No subaccount exists with the id '${subaccount}'`)
  }
  if (tags.some((tag) => tag.startsWith('_') || tag.length > 50)) {
    return refuse(-2, 'Invalid_Tag_Name', `Invalid tag name "${tags.join()}"`)
  }
  if (JSON.stringify(message.metadata).length > 250) {
    return refuse(-2, 'ValidationError', 'Metadata is limited to 250 bytes')
  }
  return ok(to.map(({ email }) => answerFor(email, { message, books, async, options })))
}

function answerFor(
  email: string,
  about: {
    message: Omit<SentMessage, 'id'>
    books: Books
    async: boolean
    options: MandrillServerOptions
  },
) {
  const { message, books, async, options } = about
  const { sent, rejected } = books
  const id = (sent.length + rejected.length + 1).toString(16).padStart(32, 'abc123')
  const domain = message.from_email.split('@').at(-1) ?? ''
  if (!/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(email)) return { email, status: 'invalid', _id: id }
  const isUnsigned = options.domains && !options.domains.includes(domain)
  const why = isUnsigned ? 'unsigned' : options.denylist?.[email]
  if (why !== undefined) {
    rejected.push({ ...message, id })
    return { email, status: 'rejected', reject_reason: why, _id: id }
  }
  sent.push({ ...message, id })
  return { email, status: async ? 'queued' : 'sent', reject_reason: null, _id: id }
}

/** What was to be sent to one address. */
export function search(
  { query, date_from: from, date_to: to }: Call,
  { sent, rejected }: Books,
): ProviderAnswer {
  if (![from, to].every((day) => /^\d{4}-\d\d-\d\d$/.test(String(day)))) {
    return refuse(-2, 'ValidationError', 'date_from and date_to must be YYYY-MM-DD')
  }
  const email = /^full_email:"(.*)"$/.exec(String(query))?.[1]?.replace(/\\(.)/g, '$1')
  const found = [...sent, ...rejected].filter((one) =>
    one.to.some((recipient) => recipient.email === email),
  )
  return ok(
    found.map((one) => ({
      _id: one.id,
      email,
      subject: one.subject,
      metadata: one.metadata,
      state: rejected.includes(one) ? 'rejected' : 'sent',
    })),
  )
}

/** What a merge tag names is not known, so it becomes nothing. */
export function render(sent: SentMessage): ArrivedMail {
  const merged = (text = '') => (sent.merge ? text.replace(/\*\|.*?\|\*/gs, '') : text)
  return {
    to: sent.to[0]?.email ?? '',
    from: `${sent.from_name ?? ''} <${sent.from_email}>`,
    subject: merged(sent.subject),
    html: merged(sent.html),
    text: merged(sent.text),
    headers: Object.fromEntries(
      Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), merged(value)]),
    ),
  }
}
