import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type AstroSite, openAstroSite } from '../astro-site.ts'
import { freePort } from '../built-site.ts'

const slug = '2026-06-cards'

test('a layout that is an Astro component is the same mail on the command line, in development and in the built site', async () => {
  const site = openAstroSite()
  await site.mailshot('init')
  await site.mailshot('subscribers', 'add', 'a@example.org', '--list', 'weekly')

  const sent = await site.mailshot('send', slug, '--yes', '--json')
  const { send } = z
    .object({ send: z.object({ contentHash: z.string() }) })
    .parse(JSON.parse(sent.out))
  const inDevelopment = await hashIn(site, [astro, 'dev'])
  await build(site)
  const built = await hashIn(site, ['dist/server/entry.mjs'])

  expect({ inDevelopment, built }).toEqual({
    inDevelopment: send.contentHash,
    built: send.contentHash,
  })
  expect(readdirSync(join(site.folder, 'dist/client/mailshot/media'))).toHaveLength(1)
})

const astro = join(createRequire(import.meta.url).resolve('astro/package.json'), '../bin/astro.mjs')

async function build(site: AstroSite): Promise<void> {
  const child = run(site, [astro, 'build'])
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(written)
}

async function hashIn(site: AstroSite, command: string[]): Promise<string> {
  const port = await freePort()
  const child = run(site, [...command, '--port', String(port)], {
    HOST: '127.0.0.1',
    PORT: String(port),
  })
  try {
    const answer = await asked(`http://127.0.0.1:${port}/hash`, child)
    return await answer.text()
  } finally {
    const ended = child.exitCode === null && once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
}

function run({ folder, env }: AstroSite, args: string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // Astro serves nothing in a process that looks like a test.
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Asks until the server listens; that of development does before it knows its pages. */
async function asked(url: string, child: ChildProcess): Promise<Response> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer && answer.status !== 404) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the server ended with ${child.exitCode}`)
}
