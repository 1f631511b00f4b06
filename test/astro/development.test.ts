import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { testSecret } from '../open-test-mailshot.ts'

// The modules run here as in `astro dev`.
describe('a database that astro dev opens', () => {
  test('is held, though it is the real one', async () => {
    const { siteMailshot, startSiteSender, senderState } = await openServer({})
    await startSiteSender()
    expect((await siteMailshot()).held).toBe(
      'astro dev sends nothing; start it with MAILSHOT_SENDER=on to try the sender',
    )
    expect(senderState()).toBe('off')
  })

  test('sends where somebody asks for it', async () => {
    const { siteMailshot, startSiteSender, senderState } = await openServer({
      MAILSHOT_SENDER: 'on',
    })
    await startSiteSender()
    expect((await siteMailshot()).held).toBeUndefined()
    expect(senderState()).toBe('running')
  })
})

/** The site's modules, loaded anew with a database of their own; closed after the test. */
async function openServer(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-dev-'))
  vi.stubEnv('MAILSHOT_DATABASE_URL', `file:${join(folder, 'mailshot.db')}`)
  vi.stubEnv('MAILSHOT_SECRET', testSecret)
  vi.stubEnv('MAILSHOT_LOG', 'silent')
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  vi.resetModules()
  const server = await import('../../integrations/mailshot/server.ts')
  onTestFinished(async () => {
    await server.stopSender()
    await server.closeSite()
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })
  return server
}
