import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { onTestFinished } from 'vitest'
import { createApiToken, type TokenScope } from '../integrations/mailshot/api-token.ts'
import { handleAudience } from '../integrations/mailshot/api/audience.ts'
import { handleEvents } from '../integrations/mailshot/api/events.ts'
import { handleExport } from '../integrations/mailshot/api/export.ts'
import { handlePurge } from '../integrations/mailshot/api/purge.ts'
import { handleRecipients } from '../integrations/mailshot/api/recipients.ts'
import { handleSendAction } from '../integrations/mailshot/api/send-action.ts'
import { handleSend } from '../integrations/mailshot/api/send.ts'
import { handleSends } from '../integrations/mailshot/api/sends.ts'
import { handleStats } from '../integrations/mailshot/api/stats.ts'
import { handleSubscribe } from '../integrations/mailshot/api/subscribe.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'

/** What the site's routes answer below `/mailshot/api`. */
export async function answerApi(mailshot: Mailshot, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const [, id, action] = /^\/mailshot\/api\/sends(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname) ?? []
  if (pathname === '/mailshot/api/audience') return handleAudience(mailshot, request)
  const [, kind] = /^\/mailshot\/api\/export\/(\w+)$/.exec(pathname) ?? []
  if (kind !== undefined) return handleExport(mailshot, request, kind)
  if (pathname === '/mailshot/api/events') return handleEvents(mailshot, request)
  if (pathname === '/mailshot/api/purge') return handlePurge(mailshot, request)
  if (pathname === '/mailshot/api/subscribe') return handleSubscribe(mailshot, request)
  if (!pathname.startsWith('/mailshot/api/sends')) {
    return new Response('<!doctype html><title>Not found</title>', { status: 404 })
  }
  if (id === undefined) return handleSends(mailshot, request)
  if (action === undefined) return handleSend(mailshot, request, decodeURIComponent(id))
  if (action === 'recipients') return handleRecipients(mailshot, request, decodeURIComponent(id))
  if (action === 'stats') return handleStats(mailshot, request, decodeURIComponent(id))
  return handleSendAction(mailshot, request, { id: decodeURIComponent(id), action })
}

/** A program that talks to the API with a token of its own. */
export async function apiClient(
  mailshot: Mailshot,
  scopes: TokenScope[] = ['send'],
  name = 'ci',
): Promise<ApiClient> {
  const { token } = await createApiToken(mailshot, { name, scopes, actor: 'test' })
  return {
    token,
    call: (method, path, body) => answerApi(mailshot, apiRequest(method, path, { token, body })),
  }
}

export interface ApiClient {
  token: string
  call: (method: string, path: string, body?: unknown) => Promise<Response>
}

/** A request to the API; a body that is no text is sent as JSON. */
export function apiRequest(
  method: string,
  path: string,
  options: { token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
): Request {
  const { token, body, headers } = options
  return new Request(`https://example.org/mailshot/api/${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

export interface ApiServer {
  url: string
  /** Method and path of each request, in order. */
  requests: string[]
  /** Answers the next requests instead of the API, one each. */
  next: (Response | 'hang up')[]
}

/** The API behind a real port of this machine. */
export async function startApiServer(mailshot: Mailshot): Promise<ApiServer> {
  const requests: string[] = []
  const next: ApiServer['next'] = []
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    const instead = next.shift()
    if (instead === 'hang up') return void incoming.socket.destroy()
    const answered = requestOf(incoming).then((request) => instead ?? answerApi(mailshot, request))
    void answered.then(async (response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      // What breaks off in the middle breaks the connection.
      await pipeline(response.body ?? [], outgoing).catch(() => outgoing.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, requests, next }
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const { method = 'GET', url = '/', headers } = incoming
  const body = new Uint8Array(await buffer(incoming))
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: Object.fromEntries(
      Object.entries(headers).filter((one): one is [string, string] => typeof one[1] === 'string'),
    ),
    ...(method !== 'GET' && method !== 'HEAD' && { body }),
  })
}
