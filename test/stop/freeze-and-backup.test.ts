import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Mailshot, openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { testConfig } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { type Child, openSite, type Site } from '../run-mailshot.ts'
import { startSmtpServer } from '../smtp-server.ts'
import { startFixture } from '../start-fixture.ts'

const readers = 60_000
const promiseMs = 10_000

describe('a worker that is stopped in the middle of a freeze', () => {
  it('ends in time by either signal, and the rest is frozen by the next, each once', async () => {
    const { site, mailshot } = await openLarge()
    const { send } = await startFixture(mailshot, 'hello')
    expect(await stopOnceFreezing(site, mailshot, 'SIGINT')).toMatchObject({ code: 0 })
    expect(await stopOnceFreezing(site, mailshot, 'SIGTERM')).toMatchObject({ code: 0 })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'preparing', sent: 0 })
    expect(await mailshot.db.all(sql`SELECT id FROM workers`)).toEqual([])

    while ((await readSend(mailshot, send.id)).frozenAt === null) {
      await tendSends(mailshot, () => 'ready')
    }
    const frozen = await mailshot.db.get<{ count: number; addresses: number }>(
      sql`SELECT count(*) AS count, count(DISTINCT email) AS addresses FROM recipients`,
    )
    expect(frozen).toMatchObject({ count: readers, addresses: readers })
  })
})

describe('a backup in the middle of a send', () => {
  it('keeps no worker from ending in time, and leaves nothing behind when it is stopped itself', async () => {
    const { site, mailshot } = await openLarge()
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    const worker = site.start('deliver', '--quiet')
    onTestFinished(() => void worker.kill('SIGKILL'))
    await until(async () => (await readSend(mailshot, send.id)).sent > 0)

    const stopped = await startBackup(site, 'stopped.db')
    expect(await endInTime(site, stopped, 'SIGINT')).toMatchObject({ code: null })
    expect(existsSync(join(site.folder, 'stopped.db'))).toBe(false)

    const whole = await startBackup(site, 'whole.db')
    const ended = site.ended(whole)
    expect(await endInTime(site, worker, 'SIGTERM')).toMatchObject({ code: 0 })
    expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining('checked') })
    expect(readdirSync(site.folder).filter((name) => name.includes('partial'))).toEqual([])

    const copy = await open(site, join(site.folder, 'whole.db'))
    const row = await copy.db.get<{ count: number }>(sql`SELECT count(*) AS count FROM recipients
      WHERE status NOT IN ('pending', 'claimed', 'in-hand')`)
    const copied = await readSend(copy, send.id)
    expect(copied.total - copied.remaining).toBe(row?.count)
    expect(copied.sent).toBeGreaterThan(0)
    expect(copied.sent).toBeLessThanOrEqual((await readSend(mailshot, send.id)).sent)
  })
})

async function openLarge(): Promise<{ site: Site; mailshot: Mailshot }> {
  const smtp = await startSmtpServer()
  onTestFinished(() => smtp.close())
  const site = openSite('site', { SMTP_PORT: String(smtp.port) })
  const mailshot = await open(site, join(site.folder, 'mailshot.db'))
  for (let from = 1; from <= readers; from += 5000) await addReaders(mailshot, 5000, { from })
  return { site, mailshot }
}

async function open({ folder }: Site, file: string): Promise<Mailshot> {
  const log = pino({ level: 'silent' })
  const mailshot = await openMailshot(testConfig({ database: `file:${file}` }, folder), {
    create: true,
    log,
  })
  onTestFinished(() => mailshot.close())
  return mailshot
}

async function stopOnceFreezing(site: Site, mailshot: Mailshot, signal: NodeJS.Signals) {
  const { freezeCursor } = await readSend(mailshot, 'hello')
  const worker = site.start('deliver', '--quiet')
  onTestFinished(() => void worker.kill('SIGKILL'))
  await until(async () => (await readSend(mailshot, 'hello')).freezeCursor > freezeCursor)
  return endInTime(site, worker, signal)
}

async function startBackup(site: Site, name: string): Promise<Child> {
  const backup = site.start('backup', join(site.folder, name))
  await until(async () => readdirSync(site.folder).some((one) => one.startsWith(`${name}.partial`)))
  return backup
}

async function endInTime(site: Site, child: Child, signal: NodeJS.Signals) {
  const since = performance.now()
  child.kill(signal)
  const run = await site.ended(child)
  expect(performance.now() - since).toBeLessThan(promiseMs)
  return run
}

/** A file, or another process's database, sends no event. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await setTimeout(1)
}
