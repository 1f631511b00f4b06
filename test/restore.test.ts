import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { publish, replaceDatabase } from '../db/copy.ts'
import { databaseFile } from '../db/open.ts'
import { partialOf } from '../db/partial.ts'
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
    expect(readdirSync(dirname(file)).filter((name) => /partial/.test(name))).toEqual([])
  })
})

describe('restore over a damaged database', () => {
  test('refuses while a process may have it open, and keeps it beside once that has ended', async () => {
    const { mailshot, file, folder, send } = await openDone()
    const backup = join(folder, 'backup.db')
    await backUp(mailshot.config, backup)
    damage(file)
    const replacing = () => restore(mailshot.config, backup, { replace: true, wiped: [] })

    await expect(replacing()).rejects.toThrow(`${file}: a process has the database open`)
    await mailshot.close()
    // Its last page was written back.
    damage(file)
    await expect(replacing()).rejects.toThrow(
      /mailshot\.db: it is damaged \(.+\), and a process may have it open, since .+-wal and .+-shm lies beside it; stop the site/,
    )
    expect(readFileSync(file, 'latin1')).toMatch(/^no database/)

    for (const rest of ['-wal', '-shm']) rmSync(file + rest)
    const { aside } = await replacing()
    expect(readFileSync(aside ?? '', 'latin1')).toMatch(/^no database/)
    expect(await readSend(await reopen(mailshot.config), send.id)).toMatchObject({ sent: 3 })
  })

  test('leaves all as it was where it cannot look, or is too late', async () => {
    const { folder, copy } = await openDone()
    const [from, aside] = [join(folder, 'from.db'), join(folder, 'aside.db')]
    mkdirSync(copy)
    writeFileSync(from, '')
    await expect(replaceDatabase(from, copy, aside)).rejects.toThrow(
      'copy.db: nobody can tell whether a process has the database open (',
    )
    await expect(publish(from, copy)).rejects.toThrow('somebody else has made the file meanwhile')
    expect(existsSync(aside)).toBe(false)
    expect(existsSync(from)).toBe(true)
  })
})

describe('what a copy that was killed has left', () => {
  test('is removed by the next one, and not that of one that runs', async () => {
    const { mailshot, folder } = await openDone()
    const ofDead = partialOf(join(folder, 'monday.db')).replace(/\d+$/, '999999999')
    const ofParent = ofDead.replace(/\d+$/, String(process.ppid))
    for (const name of [ofDead, `${ofDead}-journal`, ofParent]) writeFileSync(name, '')
    await backUp(mailshot.config, join(folder, 'tuesday.db'))
    const partials = readdirSync(folder).filter((name) => name.includes('.partial-'))
    expect(partials).toEqual([basename(ofParent)])
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

function damage(file: string): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, 'no database any more', 0)
  closeSync(handle)
}

async function reopen(config: ReturnType<typeof testConfig>) {
  const mailshot = await openMailshot(config, { log: pino({ level: 'silent' }) })
  onTestFinished(() => mailshot.close())
  return mailshot
}
