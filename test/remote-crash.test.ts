import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { type HranaServer, startHranaServer } from './hrana-server.ts'
import { testSecret } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { expectEachSettledOnce } from './settled-once.ts'
import { startSmtpServer } from './smtp-server.ts'
import { startFixture } from './start-fixture.ts'
import { startWorker } from './torture/process.ts'
import settings from './torture/site/mailshot.config.ts'
import type { Site } from './torture/site.ts'

const total = 150

describe('processes that mail from a remote database', () => {
  it('mail nobody twice when one is killed and another sleeps past its lease', async () => {
    const { server, site } = await openRemoteSite()
    const smtp = await startSmtpServer({ delayMs: 40 })
    onTestFinished(() => smtp.close())
    const { send } = await startFixture(site.mailshot, 'hello')
    const start = (name: string) =>
      startWorker(site, { name, smtpPort: smtp.port, args: ['--until-done'] })
    server.failWhen(({ number, isWrite }) =>
      isWrite && number % 7 === 0 ? 'unanswered' : undefined,
    )
    const [killed, sleeper] = [start('killed'), start('sleeper')]
    onTestFinished(() => void sleeper.child.kill('SIGKILL'))
    await smtp.waitForMessages(30)
    killed.child.kill('SIGKILL')
    sleeper.child.kill('SIGSTOP')
    await killed.ended
    const last = start('last')
    onTestFinished(() => void last.child.kill('SIGKILL'))
    await last.ended
    sleeper.child.kill('SIGCONT')
    await sleeper.ended
    server.failWhen(() => undefined)
    const uncertain = await expectEachSettledOnce(site.mailshot, smtp, { sendId: send.id, total })
    expect(uncertain).toBeLessThanOrEqual(2 * site.capacity)
  })
})

async function openRemoteSite(): Promise<{ server: HranaServer; site: Site }> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-remote-'))
  const server = await startHranaServer(join(folder, 'remote.db'), { latencyMs: 5 })
  const config = { ...settings, database: server.url, secrets: [testSecret] }
  const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
  const close = async () => {
    await mailshot.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  onTestFinished(close)
  await addReaders(mailshot, total)
  const site: Site = {
    folder,
    logs: folder,
    bookFile: join(folder, 'book.tsv'),
    mailshot,
    capacity: config.transport.parallel * config.transport.batch,
    leaseMs: config.leaseSeconds * 1000,
    env: { MAILSHOT_DATABASE_URL: server.url, MAILSHOT_SECRET: testSecret, NO_COLOR: '1' },
    server,
    close,
  }
  return { server, site }
}
