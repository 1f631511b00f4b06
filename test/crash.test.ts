import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Mailshot, openMailshot } from '../integrations/mailshot/mailshot.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { smtp } from '../integrations/mailshot/transports/smtp.ts'
import { testConfig, testSecret } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { expectEachSettledOnce, isCampaign } from './settled-once.ts'
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts'
import { startFixture } from './start-fixture.ts'

// Kills in mid-send, of one worker and of several: torture/torture.test.ts.
describe('a worker killed with SIGKILL', () => {
  it('in mid-freeze is followed by one that freezes the rest, each once', async () => {
    const server = await startSmtpServer()
    const mailshot = await openReal(server)
    await addReaders(mailshot, 60_000)
    const { send } = await startFixture(mailshot, 'hello')
    let kills = 0
    while ((await readSend(mailshot, send.id)).frozenAt === null) {
      const { freezeCursor } = await readSend(mailshot, send.id)
      const worker = startWorker(mailshot, server)
      await until(async () => {
        const now = await readSend(mailshot, send.id)
        return (kills < 3 && now.freezeCursor > freezeCursor) || now.frozenAt !== null
      })
      await kill(worker)
      kills += 1
    }
    expect(kills).toBeGreaterThan(1)
    const frozen = await mailshot.db.get<{ count: number; addresses: number }>(
      sql`SELECT count(*) AS count, count(DISTINCT email) AS addresses FROM recipients`,
    )
    expect(frozen).toMatchObject({ count: 60_000, addresses: 60_000 })
    expect((await readSend(mailshot, send.id)).total).toBe(60_000)
  })

  it('or only stopped past its lease and woken again, mails nobody twice', async () => {
    const server = await startSmtpServer({ delayMs: 2 })
    const mailshot = await openReal(server)
    await addReaders(mailshot, 400)
    const { send } = await startFixture(mailshot, 'hello')
    const sleeper = startWorker(mailshot, server, { LEASE_SECONDS: '5' })
    await server.waitForMessages(60)
    await stopBetweenWrites(mailshot, sleeper)
    await finish(startWorker(mailshot, server, { LEASE_SECONDS: '5' }))
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done' })
    sleeper.kill('SIGCONT')
    await finish(sleeper)
    await expectEachSettledOnce(mailshot, server, { sendId: send.id, total: 400 })
  })

  it('in mid-cancel is followed by one that cancels the rest', async () => {
    const server = await startSmtpServer()
    const mailshot = await openReal(server)
    await addReaders(mailshot, 60_000)
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    const cancelling = startCli(mailshot, server, { args: ['cancel', send.id] })
    await until(async () => (await readSend(mailshot, send.id)).cancelled > 0)
    await kill(cancelling)
    const left = (await statusCounts(mailshot, send.id))['pending'] ?? 0
    expect(left).toBeGreaterThan(0)
    await finish(startWorker(mailshot, server))
    expect(await statusCounts(mailshot, send.id)).toEqual({ cancelled: 60_000 })
  })

  it('stopped by SIGTERM instead, leaves nothing uncertain', async () => {
    const server = await startSmtpServer({ delayMs: 5 })
    const mailshot = await openReal(server)
    await addReaders(mailshot, 400)
    const { send } = await startFixture(mailshot, 'hello')
    const worker = startWorker(mailshot, server)
    await server.waitForMessages(60)
    worker.kill('SIGTERM')
    await finish(worker)
    const counts = await statusCounts(mailshot, send.id)
    expect(Object.keys(counts).toSorted()).toEqual(['pending', 'sent'])
    const mails = server.messages.filter(isCampaign)
    expect(mails).toHaveLength(counts['sent'] ?? 0)
  })
})

async function openReal(server: TestSmtpServer): Promise<Mailshot> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-crash-'))
  const transport = smtp({ host: server.host, port: server.port, tls: 'none' })
  const config = testConfig({ transport }, folder)
  const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
  onTestFinished(async () => {
    await mailshot.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return mailshot
}

function startWorker(
  mailshot: Mailshot,
  server: TestSmtpServer,
  env: Record<string, string> = {},
): ChildProcess {
  return startCli(mailshot, server, { args: ['deliver', '--until-done'], env })
}

function startCli(
  { config: { database } }: Mailshot,
  server: TestSmtpServer,
  { args, env }: { args: string[]; env?: Record<string, string> },
): ChildProcess {
  const cli = resolve('integrations/mailshot/bin.mjs')
  const config = resolve('test/fixtures/site/mailshot.config.ts')
  const worker = spawn(process.execPath, [cli, ...args, '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      MAILSHOT_DATABASE_URL: database,
      MAILSHOT_SECRET: testSecret,
      MAILSHOT_LOG: 'error',
      SMTP_PORT: String(server.port),
      ...env,
    },
  })
  onTestFinished(() => void worker.kill('SIGKILL'))
  return worker
}

async function kill(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL')
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit')
}

/** One that sleeps in the middle of a write would hold up the others until it wakes. */
async function stopBetweenWrites({ db }: Mailshot, worker: ChildProcess): Promise<void> {
  const isFree = () =>
    db
      .within(100)
      .write(sql`UPDATE meta SET value = value`)
      .then(
        () => true,
        () => false,
      )
  for (worker.kill('SIGSTOP'); !(await isFree()); worker.kill('SIGSTOP')) {
    worker.kill('SIGCONT')
    // Long enough to end the write.
    await setTimeout(5)
  }
}

async function finish(worker: ChildProcess): Promise<{ code: number | null }> {
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit')
  return { code: worker.exitCode }
}

/** Looks again at each turn of the event loop: a database sends no event. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((done) => setImmediate(done))
}
