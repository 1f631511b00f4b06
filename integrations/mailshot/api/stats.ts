import type { Mailshot } from '../mailshot.ts'
import { readStatistics } from '../send/statistics.ts'
import { answerCall } from './call.ts'

/** What came of a send, by its id, or of the latest of a slug. It is about nobody, so reading sends is enough. */
export function handleStats(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, {
    GET: async () => ({ body: { stats: await readStatistics(mailshot, idOrSlug) } }),
  })
}
