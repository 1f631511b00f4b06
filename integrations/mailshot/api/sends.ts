import { readJson } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { listSends, startSend } from '../send.ts'
import { sendJson } from '../send/json.ts'
import { listTrash } from '../send/read.ts'
import { type ApiAnswer, type ApiCall, answerCall, unreadable } from './call.ts'
import { checkStart } from './check-start.ts'
import { parseStart } from './start-request.ts'

/**
 * `GET` lists the sends, newest first; `?slug=` those of one campaign; `?trash=true` those in the trash. `POST` starts a campaign that the caller has
 * compiled: 201, or 200 with the send that the same trigger made before.
 */
export function handleSends(mailshot: Mailshot, request: Request): Promise<Response> {
  return answerCall(mailshot, request, { GET: list, POST: start })
}

async function list({ mailshot, request }: ApiCall): Promise<ApiAnswer> {
  const query = new URL(request.url).searchParams
  const isTrash = query.get('trash') === 'true'
  const sends = isTrash
    ? await listTrash(mailshot)
    : await listSends(mailshot, query.get('slug') ?? undefined)
  return { body: { sends: sends.map(sendJson) } }
}

const snapshotLimit = 32 * 1024 * 1024

async function start({ mailshot, request, actor }: ApiCall): Promise<ApiAnswer> {
  const body = await readJson(request, snapshotLimit)
  if ('refused' in body) throw unreadable(body, '32 MB, the limit for a campaign and its images')
  const { site, campaign, media, ...options } = parseStart(body.json)
  await checkStart(mailshot, { site, campaign, media })
  const { send, created } = await startSend(mailshot, campaign, media, { ...options, actor })
  return { status: created ? 201 : 200, body: { created, send: sendJson(send) } }
}
