import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came, with its body whole. */
export interface ProviderRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  text: string
}

/**
 * An answer. In its place `drop` cuts the connection, `silence` never answers, and `lose` does what was asked before it cuts the
 * connection.
 */
export type ProviderAnswer =
  { status: number; body?: unknown; headers?: Record<string, string> } | 'drop' | 'silence' | 'lose'

export interface ProviderServer {
  /** `http://127.0.0.1:<port>` */
  url: string
  /** All that came, oldest first. */
  requests: ProviderRequest[]
  /** Answers the next request to a path so, whatever it asks; several wait in a row. */
  answerNext(path: string, answer: ProviderAnswer): void
  /** Connections open at the moment. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** A provider of our own on the loopback: HTTP, whatever it answers is for `answer` to decide. */
export async function startProviderServer(
  answer: (request: ProviderRequest) => ProviderAnswer | Promise<ProviderAnswer>,
): Promise<ProviderServer> {
  const requests: ProviderRequest[] = []
  const scripted: { path: string; answer: ProviderAnswer }[] = []

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    requests.push(request)
    const index = scripted.findIndex(({ path }) => path === request.path)
    const [script] = index < 0 ? [] : scripted.splice(index, 1)
    const isObeyed = script === undefined || script.answer === 'lose'
    const obeyed = isObeyed ? await answer(request) : undefined
    const said = script?.answer ?? obeyed ?? 'silence'
    if (said === 'drop' || said === 'lose') incoming.socket.destroy()
    if (typeof said !== 'string') write(response, said)
  }

  const server = createServer((incoming, response) => {
    // Whoever breaks off sees to that.
    serve(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    requests,
    answerNext: (path, next) => void scripted.push({ path, answer: next }),
    connections: () => new Promise((resolve) => server.getConnections((_, n) => resolve(n))),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://localhost')
  return {
    method: incoming.method ?? '',
    path: pathname,
    query: searchParams,
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString(),
  }
}

function write(
  response: ServerResponse,
  { status, body, headers }: Exclude<ProviderAnswer, string>,
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(text)
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
