import { once } from 'node:events'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { connectedPeer } from './client-address.ts'
import { repairedUrl } from './damaged-url.ts'
import { MailshotError } from './error.ts'

/** The adapter's server. */
export type Server = HttpServer | HttpsServer

/** How long a reader's slow connection may hold up the end. */
const patienceMs = 8_000
/** The requests under way on each connection. Node's own list of idle ones lacks those that never asked anything. */
const connections = new Map<Socket, number>()

/**
 * Waits until the server listens, and prepares it for its end.
 *
 * @throws MailshotError when its port is taken, or is none; the adapter itself would say nothing
 */
export async function listen(startServer: () => Server): Promise<Server> {
  try {
    const server = startServer()
    followConnections(server)
    repairRequests(server)
    await once(server, 'listening')
    return server
  } catch (cause) {
    const { PORT = '', HOST = '' } = process.env
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(
      `the site cannot listen (${why}); set PORT (now "${PORT}") to one that is free, and HOST (now "${HOST}")`,
      { cause },
    )
  }
}

/** Idle connections end at once, the others with the answer they wait for. */
export async function closeServer(server: Server): Promise<void> {
  const isClosed = new Promise<void>((resolve) => void server.close(() => resolve()))
  for (const [socket, requests] of connections) {
    if (requests === 0) socket.destroy()
  }
  setTimeout(() => server.closeAllConnections(), patienceMs).unref()
  await isClosed
}

function followConnections(server: Server): void {
  const follow = (socket: Socket) => {
    connections.set(socket, 0)
    socket.once('close', () => connections.delete(socket))
  }
  server.on('connection', follow)
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    connections.set(socket, (connections.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (connections.get(socket) ?? 1) - 1
      if (!socket.destroyed) connections.set(socket, left)
      if (!server.listening && left === 0) socket.end()
    })
  })
}

/** What the adapter would answer by itself, with no word to the reader of a damaged link. */
function repairRequests(server: Server): void {
  const listeners = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Not a method that a page could see: the platform refuses to make a request of it.
    if (request.method === 'TRACE')
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    request.url = repairedUrl(request.url ?? '/')
    connectedPeer.run(request.socket.remoteAddress, () => {
      for (const listener of listeners) listener.call(server, request, response)
    })
  })
}
