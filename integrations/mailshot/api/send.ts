import type { Mailshot } from '../mailshot.ts'
import { carriedBy } from '../route/carried.ts'
import { readSend } from '../send.ts'
import { sendJson } from '../send/json.ts'
import { whyWaiting } from '../send/waiting.ts'
import { answerCall } from './call.ts'

/** One send by its id, or the latest of a slug. */
export function handleSend(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, {
    GET: async () => {
      const send = await readSend(mailshot, idOrSlug)
      const waiting = await whyWaiting(mailshot, send)
      const transports = await carriedBy(mailshot, send.id)
      return { body: { send: sendJson({ ...send, waiting, transports }) } }
    },
  })
}
