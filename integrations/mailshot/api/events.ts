import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import { eventJson, type EventQuery, listEvents } from '../event/list.ts'
import type { Mailshot } from '../mailshot.ts'
import { readSend } from '../send.ts'
import { type ApiAnswer, type ApiCall, answerCall } from './call.ts'

/**
 * Lists reported events in the order they came in, at most 500: `?send=` (id or slug), `?recipient=`, `?unmatched=true`, and
 * `?after=<id>` for the next page. They are about people, so the token needs the scope `people`.
 */
export function handleEvents(mailshot: Mailshot, request: Request): Promise<Response> {
  return answerCall(mailshot, request, { GET: list, scopes: ['people'] })
}

async function list({ mailshot, request }: ApiCall): Promise<ApiAnswer> {
  const query = await queryOf(mailshot, new URL(request.url).searchParams)
  const events = await listEvents(mailshot, query)
  return { body: { events: events.map((event) => ({ id: event.id, ...eventJson(event) })) } }
}

async function queryOf(mailshot: Mailshot, params: URLSearchParams): Promise<EventQuery> {
  const [send, recipient] = [params.get('send'), params.get('recipient')]
  const email = recipient === null ? undefined : parseEmailAddress(recipient)?.identity
  if (recipient !== null && email === undefined) {
    throw invalid(`recipient=${recipient}: that is not an e-mail address`)
  }
  const unmatched = params.get('unmatched') ?? 'false'
  if (!/^(?:true|false)$/.test(unmatched)) throw invalid('unmatched: say true, or leave it out')
  const after = params.get('after') ?? '0'
  if (!/^\d{1,15}$/.test(after)) throw invalid(`after=${after}: that is no id of an event`)
  return {
    afterId: Number(after),
    isUnmatched: unmatched === 'true',
    ...(send !== null && { sendId: (await readSend(mailshot, send)).id }),
    ...(email !== undefined && { email }),
  }
}

function invalid(message: string): MailshotError {
  return new MailshotError(message, { code: 'invalid' })
}
