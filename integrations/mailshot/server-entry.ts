// What the built site starts with, in the place of the adapter's own entry: the same server, with the sender in it, and
// a clean end.
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closeServer, listen, type Server } from './site-process.ts'

// The adapter would start listening while it is imported, before anything could be checked.
const isOurs = process.env['ASTRO_NODE_AUTOSTART'] !== 'disabled'
process.env['ASTRO_NODE_AUTOSTART'] = 'disabled'

const { handler, options, startServer } = await (isOurs
  ? startOrExit(start)
  : import('@astrojs/node/server.js'))
export { handler, options, startServer }

async function start() {
  // As the command line does; what the environment says wins.
  if (existsSync('.env')) process.loadEnvFile('.env')
  const adapter = await import('@astrojs/node/server.js')
  const site = await import('./server.ts')
  // The next build replaces the folder above this one.
  const output = dirname(dirname(fileURLToPath(import.meta.url)))
  const log = await site.openSite({ wiped: [output] })
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise was left alone'))
  let server: Server | undefined
  onSignal((signal) => end(signal, server, site))
  if (adapter.options.mode === 'standalone') {
    server = await listen(() => adapter.startServer().server.server)
  }
  await site.startSiteSender()
  return adapter
}

async function startOrExit<Result>(begin: () => Promise<Result>): Promise<Result> {
  try {
    return await begin()
  } catch (error) {
    const isMistake = error instanceof Error && error.name === 'MailshotError'
    console.error(isMistake ? `mailshot: ${error.message}` : error)
    process.exit(1)
  }
}

/** A terminal's Ctrl-C comes twice when npm passes it on; only one that comes later means "at once". */
function onSignal(act: (signal: NodeJS.Signals) => Promise<void>): void {
  let first: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first !== undefined && performance.now() - first > 1000) process.exit(1)
      if (first === undefined) void act(signal)
      first ??= performance.now()
    })
  }
}

/** More than all that is waited for takes; a supervisor's own patience is mostly 10 seconds. */
const longestEndMs = 9_500

/** Takes no new requests, lets those under way and the mails in hand finish, and exits. */
async function end(
  signal: NodeJS.Signals,
  server: Server | undefined,
  site: { stopSender(): Promise<void>; closeSite(): Promise<void> },
): Promise<void> {
  setTimeout(() => process.exit(1), longestEndMs).unref()
  await Promise.all([server && closeServer(server), site.stopSender()])
  await site.closeSite()
  // In middleware mode the server is another program's, which may have an end of its own.
  if (server || process.listenerCount(signal) === 1) process.exit(0)
}
