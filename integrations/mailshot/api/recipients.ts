import { recipientStatuses } from '../../../db/status.ts'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { isRecipientStatus, type RecipientQuery } from '../recipient.ts'
import { recipientJson, showRecipients } from '../recipient/json.ts'
import { readSend } from '../send.ts'
import { type ApiAnswer, type ApiCall, answerCall } from './call.ts'

const pageSize = 1000

/**
 * Lists a send's recipients by ascending id, at most 1000: `?status=`, `?email=`, and `?after=<id>` for the next page. They
 * are people, so the token needs the scope `people`.
 */
export function handleRecipients(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, {
    GET: (call) => list(call, idOrSlug),
    scopes: ['people'],
  })
}

async function list({ mailshot, request }: ApiCall, idOrSlug: string): Promise<ApiAnswer> {
  const query = queryOf(new URL(request.url).searchParams)
  const { id } = await readSend(mailshot, idOrSlug)
  const rows = await showRecipients(mailshot, { ...query, sendId: id, limit: pageSize })
  return { body: { recipients: rows.map(recipientJson) } }
}

function queryOf(params: URLSearchParams): Omit<RecipientQuery, 'sendId'> {
  const status = params.get('status')
  if (status !== null && !isRecipientStatus(status)) {
    throw invalid(`status=${status}: there is none (known: ${recipientStatuses.join(', ')})`)
  }
  const email = params.get('email')
  const parsed = email === null ? undefined : parseEmailAddress(email)
  if (email !== null && !parsed) throw invalid(`email=${email}: that is not an e-mail address`)
  const after = params.get('after') ?? '0'
  if (!/^\d{1,15}$/.test(after)) throw invalid(`after=${after}: that is no id of a recipient`)
  return {
    afterId: Number(after),
    ...(status !== null && { status }),
    ...(parsed && { email: parsed.identity }),
  }
}

function invalid(message: string): MailshotError {
  return new MailshotError(message, { code: 'invalid' })
}
