import { z } from 'zod'
import { MailshotError } from '../error.ts'
import { readBytes, readJson } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { cancelSend, pauseSend, readSend, resumeSend, type Send } from '../send.ts'
import { sendJson } from '../send/json.ts'
import { handleResend, handleSettle } from './by-hand.ts'
import { type ApiAnswer, type ApiCall, answerCall, unreadable } from './call.ts'
import { endedActions, handleEndedAction, isEndedAction } from './ended-send.ts'

/**
 * Pauses, resumes or cancels a send, which is named by its id, or by a slug for the latest of it; settles its recipients by
 * hand, or mails some once more; archives one that has ended, puts it in the trash, or takes it back.
 */
export function handleSendAction(
  mailshot: Mailshot,
  request: Request,
  { id, action }: { id: string; action: string },
): Promise<Response> {
  if (action === 'settle') return handleSettle(mailshot, request, id)
  if (action === 'resend') return handleResend(mailshot, request, id)
  if (isEndedAction(action)) return handleEndedAction(mailshot, request, { id, action })
  return answerCall(mailshot, request, { POST: (call) => steer(call, id, action) })
}

type Act = (mailshot: Mailshot, id: string, by: { actor: string; reason?: string }) => Promise<Send>

const acts = new Map<string, Act>([
  ['pause', (mailshot, id, by) => pauseSend(mailshot, id, { ...by, reason: pausedBy(by.reason) })],
  ['resume', resumeSend],
  ['cancel', cancelSend],
])

async function steer(call: ApiCall, idOrSlug: string, action: string): Promise<ApiAnswer> {
  const { mailshot, request, actor } = call
  const act = acts.get(action)
  if (!act) {
    const known = [...acts.keys(), 'settle', 'resend', ...endedActions].join(', ')
    const text = `a send cannot be told to "${action}"; it knows ${known}`
    throw new MailshotError(text, { code: 'not-found' })
  }
  const reason = await readReason(request)
  const { id } = await readSend(mailshot, idOrSlug)
  const send = await act(mailshot, id, { actor, ...(reason !== undefined && { reason }) })
  return { body: { send: sendJson(send) } }
}

/** What begins so was done by a person, and is no fault of the send. */
function pausedBy(reason: string | undefined): string {
  return reason === undefined ? 'operator' : `operator: ${reason}`
}

const schema = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() })
const limit = 65_536

async function readReason(request: Request): Promise<string | undefined> {
  const bytes = await readBytes(request, limit)
  if ('refused' in bytes) throw unreadable(bytes, '64 KB')
  if (bytes.byteLength === 0) return undefined
  const { headers } = request
  const read = await readJson(
    new Request(request.url, { method: 'POST', headers, body: bytes }),
    limit,
  )
  if ('refused' in read) throw unreadable(read, '64 KB')
  const result = schema.safeParse(read.json)
  if (result.success) return result.data.reason
  throw new MailshotError(
    'the body must be empty, or { "reason": "…" } with a text of at most 500 characters',
    { code: 'invalid' },
  )
}
