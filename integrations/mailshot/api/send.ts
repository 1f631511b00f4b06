import type { Mailshot } from '../mailshot.ts'
import { readSend } from '../send.ts'
import { sendJson } from '../send/json.ts'
import { answerCall } from './call.ts'

/** One send by its id, or the latest of a slug. */
export function handleSend(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, {
    GET: async () => ({ body: { send: sendJson(await readSend(mailshot, idOrSlug)) } }),
  })
}
