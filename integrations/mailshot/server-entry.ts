// What the built site starts with, in the place of the adapter's own entry: the same server, with the sender in it, and
// a clean end.
import { existsSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

// The adapter would start listening while it is imported, before anything could be checked.
const isOurs = process.env['ASTRO_NODE_AUTOSTART'] !== 'disabled'
process.env['ASTRO_NODE_AUTOSTART'] = 'disabled'
// As the command line does; what the environment says wins.
if (isOurs && existsSync('.env')) process.loadEnvFile('.env')

const { handler, options, startServer } = await import('@astrojs/node/server.js')
export { handler, options, startServer }

const connections = new Map<Socket, number>()

if (isOurs) {
  const site = await import('./server.ts')
  await startOrExit(site.startSite)
  const server = options.mode === 'standalone' ? startServer().server.server : undefined
  if (server) followConnections(server)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void end(signal, server, site))
  }
}

async function startOrExit(startSite: () => Promise<void>): Promise<void> {
  try {
    await startSite()
  } catch (error) {
    const isMistake = error instanceof Error && error.name === 'MailshotError'
    console.error(`mailshot: ${isMistake ? error.message : String(error)}`)
    if (!isMistake) console.error(error)
    process.exit(1)
  }
}

type Server = ReturnType<typeof startServer>['server']['server']

/** How long a reader's slow connection may hold up the end. */
const patienceMs = 8_000

/** Takes no new requests, lets those under way and the mails in hand finish, and exits. */
async function end(
  signal: NodeJS.Signals,
  server: Server | undefined,
  site: { stopSender(): Promise<void>; closeSite(): Promise<void> },
): Promise<void> {
  await Promise.all([server && closed(server), site.stopSender()])
  await site.closeSite()
  // In middleware mode the server is another program's, which may have an end of its own.
  if (server || process.listenerCount(signal) === 0) process.exit(0)
}

/** Idle connections end at once, the others with the answer they wait for. */
async function closed(server: Server): Promise<void> {
  const isClosed = new Promise<void>((resolve) => void server.close(() => resolve()))
  for (const [socket, requests] of connections) {
    if (requests === 0) socket.destroy()
  }
  setTimeout(() => server.closeAllConnections(), patienceMs).unref()
  await isClosed
}

/** The requests under way on each connection. Node's own list of idle ones lacks those that never asked anything. */
function followConnections(server: Server): void {
  server.on('connection', (socket: Socket) => {
    connections.set(socket, 0)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', ({ socket }: { socket: Socket }, response: ServerResponse) => {
    connections.set(socket, (connections.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (connections.get(socket) ?? 1) - 1
      if (!socket.destroyed) connections.set(socket, left)
      if (!server.listening && left === 0) socket.end()
    })
  })
}
