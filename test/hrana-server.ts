import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { openHranaStream, type HranaStream, type StreamRequest } from './hrana-server/stream.ts'

/** What becomes of a request: it never arrives, or is applied and its answer never arrives, or a proxy answers instead. */
export type Fault = 'unheard' | 'unanswered' | 'refused'

export interface HranaServer {
  url: string
  /** How many requests were made. */
  requests(): number
  /** Decides what goes wrong from now on; by default nothing does. */
  failWhen(fault: (request: { number: number; isWrite: boolean }) => Fault | undefined): void
  close(): Promise<void>
}

export interface HranaOptions {
  /** Asked for as a bearer token; without, nobody is refused. */
  token?: string
  /** Between a request and its answer. */
  latencyMs?: number
}

interface Pipeline {
  baton?: string | null
  requests: StreamRequest[]
}

/** A libSQL server over HTTP (Hrana 2, JSON) on the loopback, on a file, with whatever a network does to its requests. */
export async function startHranaServer(
  file: string,
  { token, latencyMs = 0 }: HranaOptions = {},
): Promise<HranaServer> {
  const streams = new Map<string, HranaStream>()
  const idle: HranaStream[] = []
  let requests = 0
  let faultOf: Parameters<HranaServer['failWhen']>[0] = () => undefined

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return send(response, 401, { message: 'unauthorized' })
    }
    if (request.method === 'GET' && request.url === '/v2') return send(response, 200, {})
    if (request.url !== '/v2/pipeline') return send(response, 404, { message: 'not found' })
    // The client of the same project, which is all that this server is for.
    const pipeline = (await json(request)) as Pipeline
    requests += 1
    const fault = faultOf({ number: requests, isWrite: isWrite(pipeline) })
    if (latencyMs > 0) await setTimeout(latencyMs)
    if (fault === 'unheard') return void request.socket.destroy()
    if (fault === 'refused') return send(response, 503, { message: 'no server is there' })
    const result = run(pipeline)
    if (fault === 'unanswered') return void request.socket.destroy()
    send(response, result === undefined ? 400 : 200, result ?? { message: 'stream expired' })
  }

  const run = ({ baton, requests: steps }: Pipeline) => {
    const stream = baton ? streams.get(baton) : (idle.pop() ?? openHranaStream(file))
    if (!stream) return undefined
    if (baton) streams.delete(baton)
    const results = steps.map((step) => stream.answer(step))
    if (steps.some(({ type }) => type === 'close')) {
      if (stream.rest()) idle.push(stream)
      return { baton: null, base_url: null, results }
    }
    const next = randomUUID()
    streams.set(next, stream)
    return { baton: next, base_url: null, results }
  }

  const server = createServer((request, response) => {
    // A client that breaks off is some tests' subject.
    answer(request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: () => requests,
    failWhen: (fault) => (faultOf = fault),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      for (const stream of [...idle, ...streams.values()]) stream.close()
    },
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function isWrite({ requests }: Pipeline): boolean {
  return requests.some(({ batch }) =>
    batch?.steps.some(({ stmt }) => stmt.sql?.startsWith('BEGIN IMMEDIATE')),
  )
}
