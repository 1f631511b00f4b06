import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { databaseFile } from '../db/open.ts'
import { backUp } from '../integrations/mailshot/backup.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { restore } from '../integrations/mailshot/restore.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { openTestMailshot, testConfig } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startFixture } from './start-fixture.ts'

/** A database with a send that is done, and a place beside it that is free. */
async function openDone() {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 3)
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  const file = databaseFile(mailshot.config.database) ?? ''
  const folder = dirname(file)
  const place = join(folder, 'place.db')
  const config = testConfig({ database: `file:${place}` }, folder)
  return { mailshot, send, file, folder, place, copy: join(folder, 'copy.db'), config }
}

describe('restore of a plain copy', () => {
  test('refuses the file alone, which lacks what was written last', async () => {
    const { file, copy, place, config } = await openDone()
    copyFileSync(file, copy)
    await expect(restore(config, copy, { wiped: [] })).rejects.toThrow(
      `${copy}: it is a plain copy of a database, without the "-wal" that belongs to it, so what was written last may be missing; take one that "mailshot backup" has made`,
    )
    expect(existsSync(place)).toBe(false)
  })

  test('takes the file with its log, and a backup that was opened since', async () => {
    const { mailshot, file, folder, copy, config, send } = await openDone()
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    expect(await restore(config, copy, { wiped: [] })).toMatchObject({ madeAt: undefined })
    expect(await readSend(await reopen(config), send.id)).toMatchObject({ status: 'done', sent: 3 })

    const backup = join(folder, 'backup.db')
    await backUp(mailshot.config, backup)
    const opened = await reopen(testConfig({ database: `file:${backup}` }, folder))
    await opened.close()
    const other = testConfig({ database: `file:${join(folder, 'other.db')}` }, folder)
    expect(await restore(other, backup, { wiped: [] })).toMatchObject({
      madeAt: expect.any(Number),
    })
  })

  test('takes the file alone where it says that nothing had it open', async () => {
    const { mailshot, file, copy, config, send } = await openDone()
    // Whoever closes it writes everything into the file.
    await mailshot.close()
    copyFileSync(file, copy)
    await restore(config, copy, { plainCopy: true, wiped: [] })
    expect(await readSend(await reopen(config), send.id)).toMatchObject({ status: 'done', sent: 3 })
    expect(readdirSync(dirname(file)).filter((name) => /restoring/.test(name))).toEqual([])
  })
})

describe('restore beside a server that goes on', () => {
  test('refuses a place whose database was removed under it', async () => {
    const { mailshot, file, folder } = await openDone()
    const backup = join(folder, 'backup.db')
    await backUp(mailshot.config, backup)
    rmSync(file)
    await expect(restore(mailshot.config, backup, { wiped: [] })).rejects.toThrow(
      `${file}-wal, ${file}-shm: left of a database that is gone, which a process may still have open; stop the site and all workers`,
    )
    expect(existsSync(file)).toBe(false)
  })
})

async function reopen(config: ReturnType<typeof testConfig>) {
  const mailshot = await openMailshot(config, { log: pino({ level: 'silent' }) })
  onTestFinished(() => mailshot.close())
  return mailshot
}
