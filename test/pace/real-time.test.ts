import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { testConfig, testSecret } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startSmtpServer, type TestSmtpServer } from '../smtp-server.ts'
import { startFixture } from '../start-fixture.ts'
import { mostInWindow } from './receiving-side.ts'

it('the pace holds at a real server, for three processes that mail at once', async () => {
  const server = await startSmtpServer({ delayMs: 10 })
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-pace-'))
  const mailshot = await openMailshot(testConfig({}, folder), {
    create: true,
    log: pino({ level: 'silent' }),
  })
  onTestFinished(async () => {
    await mailshot.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await addReaders(mailshot, 12, { domain: 'gmail.com' })
  await addReaders(mailshot, 48, { from: 13 })
  const { send } = await startFixture(mailshot, 'hello')
  await Promise.all([1, 2, 3].map(() => endOfWorker(mailshot.config.database, server)))
  expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 60 })
  const timesOf = (isCounted: (to: string) => boolean) =>
    server.messages
      .filter(({ envelope }) => isCounted(envelope.to[0] ?? ''))
      .map(({ receivedAt }) => receivedAt)
  expect(
    mostInWindow(
      timesOf(() => true),
      1000,
    ),
  ).toBeLessThanOrEqual(20)
  const gmail = timesOf((to) => to.endsWith('@gmail.com'))
  expect(gmail).toHaveLength(12)
  expect(mostInWindow(gmail, 1000)).toBeLessThanOrEqual(4)
})

async function endOfWorker(database: string, server: TestSmtpServer): Promise<void> {
  const config = resolve('test/fixtures/site/mailshot.config.ts')
  const cli = resolve('integrations/mailshot/bin.mjs')
  const worker = spawn(process.execPath, [cli, 'deliver', '--until-done', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      MAILSHOT_DATABASE_URL: database,
      MAILSHOT_SECRET: testSecret,
      MAILSHOT_LOG: 'error',
      MAILSHOT_PACE: '20/second',
      MAILSHOT_GMAIL_PACE: '4/second',
      SMTP_PORT: String(server.port),
    },
  })
  onTestFinished(() => void worker.kill('SIGKILL'))
  const [code] = await once(worker, 'exit')
  expect(code).toBe(0)
}
