import type { Mailshot } from '../mailshot.ts'
import { sendJson } from '../send/json.ts'
import { archiveSend, restoreSend, trashSend } from '../send/trash.ts'
import { type ApiAnswer, answerCall } from './call.ts'
import { workMs } from './purge.ts'

export const endedActions = ['archive', 'trash', 'restore'] as const
/** What is done with a send that has ended. */
export type EndedAction = (typeof endedActions)[number]

export function isEndedAction(action: string): action is EndedAction {
  return endedActions.some((one) => one === action)
}

/**
 * Archives a send that has ended, puts it in the trash, or takes it back. Archiving works for some seconds: with `done: false` there is
 * more, for the next such request. What is deleted is about people, so the token needs the scope `people`.
 */
export function handleEndedAction(
  mailshot: Mailshot,
  request: Request,
  { id, action }: { id: string; action: EndedAction },
): Promise<Response> {
  return answerCall(mailshot, request, {
    POST: (call) => acts[action](call.mailshot, id, { actor: call.actor, workMs }),
    scopes: ['people'],
  })
}

type Act = (
  mailshot: Mailshot,
  id: string,
  by: { actor: string; workMs: number },
) => Promise<ApiAnswer>

const acts: Record<EndedAction, Act> = {
  async archive(mailshot, id, by) {
    const { send, isDone } = await archiveSend(mailshot, id, by)
    return { body: { send: sendJson(send), done: isDone } }
  },
  trash: async (...given) => ({ body: { send: sendJson(await trashSend(...given)), done: true } }),
  restore: async (...given) => ({
    body: { send: sendJson(await restoreSend(...given)), done: true },
  }),
}
