import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { withClient } from '../db/copy.ts'
import { databaseFile } from '../db/open.ts'
import { backUp } from '../integrations/mailshot/backup.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { restore } from '../integrations/mailshot/restore.ts'
import { readSend, resumeSend } from '../integrations/mailshot/send.ts'
import { settleUncertain } from '../integrations/mailshot/send/settle.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { campaignFolder } from './campaign-folder.ts'
import { mailedReaders, reader } from './mixed-send.ts'
import { openTestMailshot, testConfig } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { openSite } from './run-mailshot.ts'
import { startFixture } from './start-fixture.ts'

/** A send to ten readers that stands in its middle: some have got it, four are in hand until the test ends. */
async function openInMiddle() {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 10)
  const { send } = await startFixture(mailshot, 'hello')
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const inMiddle = new Promise<void>((resolve) => {
    transport.failWhen(async ({ campaign }) => {
      if (campaign === undefined || mailedReaders(transport).length <= 3) return undefined
      if (mailedReaders(transport).length === 7) resolve()
      await released
      return undefined
    })
  })
  const done = deliver(mailshot, { untilDone: true })
  await inMiddle
  const file = databaseFile(mailshot.config.database) ?? ''
  return { mailshot, transport, send, done, release, file, folder: dirname(file) }
}

describe('mailshot backup', () => {
  test('copies the database while it sends, and nobody waits for it', async () => {
    const { mailshot, transport, send, done, release, folder } = await openInMiddle()
    const site = openSite('site', { MAILSHOT_DATABASE_URL: mailshot.config.database })
    const to = join(folder, 'copy of today.db')

    const run = await site.mailshot('backup', to)
    const before = await readSend(mailshot, send.id)
    release()
    await done

    expect(run).toMatchObject({
      code: 0,
      out: expect.stringMatching(/copy of today\.db: \d.* kB, checked\n$/),
    })
    expect(statSync(to).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([
      'copy of today.db',
    ])
    const copy = await reopen(folder, to)
    expect(await readSend(copy, send.id)).toEqual(before)
    expect(await statusCounts(copy, send.id)).toEqual({ sent: 3, 'in-hand': 4, claimed: 3 })
    expect(new Set(mailedReaders(transport)).size).toBe(10)
  })

  test('overwrites nothing, and leaves nothing behind', async () => {
    const mailshot = await openTestMailshot()
    const { campaigns: folder } = campaignFolder({ 'taken.db': 'something else' })
    const file = join(folder, 'taken.db')

    await expect(backUp(mailshot.config, file)).rejects.toThrow(
      `${file}: the file exists, and no backup is overwritten; name another`,
    )
    await expect(backUp(mailshot.config, join(folder, 'none', 'a.db'))).rejects.toThrow('ENOENT')
    expect(statSync(file).size).toBe('something else'.length)
  })

  test('of a database that is missing makes none', async () => {
    const site = openSite()
    const before = readdirSync(site.folder)
    const run = await site.mailshot('backup', join(site.folder, 'backup.db'))
    expect(run).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no database; create it once with "mailshot init"'),
    })
    expect(readdirSync(site.folder)).toEqual(before)
  })

  test('says how a server is copied', async () => {
    const config = testConfig({ database: 'libsql://news.example.org' }, '/tmp')
    await expect(backUp(config, '/tmp/none.db')).rejects.toThrow(
      /^backup: the database is a server's \(libsql:\/\/news\.example\.org\).+MAILSHOT_HOLD=1/,
    )
  })
})

describe('a backup that is opened', () => {
  test('sends nothing wherever it was copied to, and says so', async () => {
    const { mailshot, folder, release, done } = await openInMiddle()
    release()
    await done
    await backUp(mailshot.config, join(folder, 'backup.db'))
    copyFileSync(join(folder, 'backup.db'), join(folder, 'brought-back.db'))

    const copy = await reopen(folder, join(folder, 'brought-back.db'))

    expect(copy.held).toMatch(
      /^the database is a backup of \d{4}-\d\d-\d\d \d\d:\d\d UTC, and what was mailed since then is not known in it; .*: mailshot init --adopt$/,
    )
    await expect(deliver(copy)).rejects.toThrow('nothing is sent: the database is a backup of')
    expect(mailshot.held).toBeUndefined()
  })

  test('can be taken over, and keeps its sends paused', async () => {
    const { mailshot, folder, release, done, send } = await openInMiddle()
    await backUp(mailshot.config, join(folder, 'backup.db'))
    release()
    await done

    const transport = memory()
    const copy = await reopen(folder, join(folder, 'backup.db'), { transport }, { adopt: true })
    await deliver(copy, { untilDone: true })

    expect(copy.held).toBeUndefined()
    expect(transport.handedOver).toEqual([])
    expect(await readSend(copy, send.id)).toMatchObject({
      status: 'paused',
      reason: 'database taken over',
      sent: 3,
      uncertain: 4,
      remaining: 3,
    })
  })
})

describe('mailshot restore', () => {
  test('puts a backup in its place with its sends paused, until the operator has looked', async () => {
    const { mailshot, folder, release, done, send } = await openInMiddle()
    await mailshot.db.write(sql`
      INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
      VALUES ('welcome', 'zoe@example.org', 'fr', '{}', 'pending', 9e15, 0)`)
    await backUp(mailshot.config, join(folder, 'backup.db'))
    release()
    await done
    const site = openSite()

    const run = await site.mailshot('restore', join(folder, 'backup.db'))
    expect(run.code).toBe(0)
    expect(run.out).toMatch(/mailshot\.db is the backup of \d{4}-\d\d-\d\d \d\d:\d\d UTC now\n$/)
    expect(run.err).toContain(`paused: hello (${send.id}), 3 of 10 sent, 3 waiting, 4 uncertain\n`)
    expect(run.err).toContain('1 letter kept back')
    expect(run.err).toMatch(
      /What was mailed after .* UTC is not known here, and would be mailed again/,
    )

    const transport = memory()
    const restored = await openMailshot(
      testConfig({ transport, database: site.env['MAILSHOT_DATABASE_URL'] ?? '' }, site.folder),
      { log: pino({ level: 'silent' }) },
    )
    onTestFinished(() => restored.close())
    await deliver(restored, { untilDone: true })
    expect(restored.held).toBeUndefined()
    expect(transport.handedOver).toEqual([])
    expect(await readSend(restored, send.id)).toMatchObject({
      status: 'paused',
      reason: expect.stringMatching(/^restored from the backup of /),
    })

    // What the relay's log has told.
    const which = [reader(8), reader(9)]
    await settleUncertain(restored, send.id, { as: 'sent', which, actor: 'test' })
    await resumeSend(restored, send.id, { actor: 'test' })
    await deliver(restored, { untilDone: true })
    expect(mailedReaders(transport)).toEqual([reader(10)])
  })

  test('keeps the database before it', async () => {
    const site = openSite()
    const database = join(site.folder, 'mailshot.db')
    await site.mailshot('init')
    await site.mailshot('backup', join(site.folder, 'backup.db'))
    const { ino, mode } = statSync(database)

    const [replaced] = await site.json('restore', join(site.folder, 'backup.db'), '--replace')

    expect(replaced).toMatchObject({ file: database, paused: [], letters: 0 })
    const [aside] = readdirSync(site.folder).filter((name) => /\.before-\d{8}T\d{6}$/.test(name))
    expect(statSync(join(site.folder, aside ?? '')).ino).toBe(ino)
    expect(statSync(database).mode).toBe(mode)
  })
})

describe('restore', () => {
  test('refuses a place that is taken, or in use, and changes nothing there', async () => {
    const { mailshot, folder, release, done, file } = await openInMiddle()
    const backup = join(folder, 'backup.db')
    await backUp(mailshot.config, backup)
    release()
    await done

    await expect(restore(mailshot.config, backup, { replace: false, wiped: [] })).rejects.toThrow(
      `${file}: there is a database already; --replace puts the backup in its place, and keeps it beside`,
    )
    await expect(restore(mailshot.config, backup, { replace: true, wiped: [] })).rejects.toThrow(
      `${file}: a process has the database open; stop the site and all workers, and try again`,
    )
    expect(readdirSync(folder).filter((name) => /partial|before/.test(name))).toEqual([])
  })

  test('says what is wrong with a file that is no backup', async () => {
    const mailshot = await openTestMailshot()
    const { campaigns: folder } = campaignFolder({ 'text.db': 'this is a text' })
    const at = (name: string) => join(folder, name)
    await backUp(mailshot.config, at('newer.db'))
    await change(at('newer.db'), `INSERT INTO migrations VALUES ('9000_later.sql', 1)`)
    copyFileSync(at('newer.db'), at('other.db'))
    await change(at('other.db'), 'DROP TABLE migrations')
    const config = testConfig({ database: `file:${at('here.db')}` }, folder)
    const from = (name: string) => restore(config, at(name), { replace: false, wiped: [] })

    await expect(from('none.db')).rejects.toThrow('none.db: there is no such file; check the name')
    await expect(from('text.db')).rejects.toThrow('text.db: that is no backup: it is no SQLite')
    await expect(from('newer.db')).rejects.toThrow(
      'newer.db: it is of a newer version of mailshot (9000_later.sql is not known here)',
    )
    await change(at('newer.db'), `DELETE FROM migrations WHERE name LIKE '9%'`)
    writeFileSync(at('cut.db'), readFileSync(at('newer.db')).subarray(0, 100_000))
    await expect(from('cut.db')).rejects.toThrow('cut.db: the backup is damaged (')
    await expect(from('other.db')).rejects.toThrow('that is a database, but none of mailshot')
    expect(readdirSync(folder).filter((name) => name.startsWith('here'))).toEqual([])
  })

  test('refuses a place that the next build deletes', async () => {
    const mailshot = await openTestMailshot()
    const { campaigns: folder } = campaignFolder({ 'dist/index.html': '' })
    await backUp(mailshot.config, join(folder, 'backup.db'))
    const dist = join(folder, 'dist')
    const config = testConfig({ database: `file:${dist}/mailshot.db` }, folder)

    const restoring = restore(config, join(folder, 'backup.db'), { replace: false, wiped: [dist] })

    await expect(restoring).rejects.toThrow('inside the build output, which the next build deletes')
    expect(readdirSync(dist)).toEqual(['index.html'])
  })
})

function change(file: string, statement: string) {
  return withClient(file, (client) => client.execute(statement))
}

/** A database file as the site of these tests opens it. */
async function reopen(
  folder: string,
  file: string,
  config: Partial<MailshotConfigInput> = {},
  options: { adopt?: boolean } = {},
) {
  const mailshot = await openMailshot(testConfig({ database: `file:${file}`, ...config }, folder), {
    log: pino({ level: 'silent' }),
    ...options,
  })
  onTestFinished(() => mailshot.close())
  return mailshot
}
