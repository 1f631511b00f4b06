import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'

export interface Site {
  /** Ends the server as a supervisor would; answers its exit code. */
  stop(): Promise<number | null>
}

/** Builds the example site, with its previews, as `npm run build` does. */
export async function buildSite(folder: string, env: Record<string, string>): Promise<boolean> {
  console.log(styleText('cyan', '$ astro build'))
  const child = spawn(
    process.execPath,
    ['node_modules/astro/bin/astro.mjs', 'build', '--outDir', folder],
    {
      env: { ...process.env, ...env, MAILSHOT_PREVIEW: 'on' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const [code] = await once(child, 'exit')
  return code === 0
}

/** Starts the built site; it listens when this is done. */
export async function startSite(folder: string, env: Record<string, string>): Promise<Site> {
  console.log(styleText('cyan', '$ npm start'))
  const child = spawn(process.execPath, [join(folder, 'server/entry.mjs')], {
    env: { ...process.env, ...env, MAILSHOT_LOG: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
  console.log(await listening(child.stdout))
  return {
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** This port, or any other where somebody has it already. */
export async function portNear(wanted: number): Promise<number> {
  const isFree = async (port: number) => {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    await once(server, 'close')
    return address !== null && typeof address === 'object' ? address.port : port
  }
  return isFree(wanted).catch(() => isFree(0))
}

async function listening(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    if (line.includes('Server listening')) return line.replace(/^.*?Server/, 'Server')
  }
  throw new Error("the site's server ended before it listened")
}
