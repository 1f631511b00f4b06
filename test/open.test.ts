import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../db/open.ts'

describe('openDatabase', () => {
  it('creates a database only when asked to', async () => {
    const url = freshUrl()
    await expect(openDatabase(url)).rejects.toThrow('create it once with "mailshot init"')
    expect(existsSync(url.slice('file:'.length))).toBe(false)
    const database = await openDatabase(url, { create: true })
    await database.close()
    await expect(openDatabase(url)).resolves.toBeDefined()
  })

  it('refuses a database that the next build would delete', async () => {
    const folder = freshFolder()
    const open = openDatabase(`file:${folder}/dist/server/mailshot.db`, {
      create: true,
      wiped: [join(folder, 'dist')],
    })
    await expect(open).rejects.toThrow('inside the build output, which the next build deletes')
  })

  it('says what is wrong with a file that is no database', async () => {
    const url = freshUrl()
    writeFileSync(url.slice('file:'.length), 'this is a text, and a rather long one '.repeat(50))
    await expect(openDatabase(url)).rejects.toThrow('the database cannot be opened')
  })

  it('says where no database answers, and what is no address of one', async () => {
    await expect(openDatabase('libsql://127.0.0.1:1')).rejects.toThrow(
      /^libsql:\/\/127\.0\.0\.1:1: the database cannot be opened \(.+\); check that it exists/,
    )
    const example = 'is not the address of a database; set MAILSHOT_DATABASE_URL to one like file:'
    await expect(openDatabase('mailshot.db')).rejects.toThrow(`"mailshot.db" ${example}`)
    await expect(openDatabase('mysql://localhost')).rejects.toThrow(
      `"mysql://localhost" ${example}`,
    )
  })

  it('says which folder cannot be made', async () => {
    const folder = freshFolder()
    writeFileSync(join(folder, 'file'), '')
    const open = openDatabase(`file:${folder}/file/mailshot.db`, { create: true })
    await expect(open).rejects.toThrow(/file\/mailshot\.db: the database cannot be opened \(E/)
  })

  it('writes through to the disk, and lets readers read meanwhile', async () => {
    const database = await openDatabase(freshUrl(), { create: true })
    expect(await database.get(sql`PRAGMA synchronous`)).toMatchObject({ synchronous: 2 })
    expect(await database.get(sql`PRAGMA journal_mode`)).toMatchObject({ journal_mode: 'wal' })
    expect(await database.get(sql`PRAGMA busy_timeout`)).toMatchObject({ timeout: 20 })
    await database.close()
  })

  it('is migrated once by several processes that start at the same moment', async () => {
    const url = freshUrl()
    const exits = await Promise.all([1, 2, 3, 4].map(() => run(`await open('${url}')`)))
    expect(exits).toEqual([0, 0, 0, 0])
    const database = await openDatabase(url)
    const names = await database.all<{ name: string }>(sql`SELECT name FROM migrations`)
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(1)
  })
})

describe('write', () => {
  it('writes all of its statements or none', async () => {
    const database = await openDatabase(freshUrl(), { create: true })
    const write = database.write(
      sql`INSERT INTO meta (key, value) VALUES ('a', '1')`,
      sql`INSERT INTO meta (key, value) VALUES ('a', '2')`,
    )
    await expect(write).rejects.toThrow('UNIQUE')
    expect(await database.all(sql`SELECT key FROM meta`)).toEqual([])
  })

  it('answers the rows that each statement returned', async () => {
    const database = await openDatabase(freshUrl(), { create: true })
    const [none, rows] = await database.write<{ key: string }>(
      sql`INSERT INTO meta (key, value) VALUES ('a', '1')`,
      sql`INSERT INTO meta (key, value) VALUES ('b', ${{ json: true }}) RETURNING key, value`,
    )
    expect(none).toEqual([])
    expect(rows).toMatchObject([{ key: 'b', value: '{"json":true}' }])
  })

  it('loses no write of several processes, though they hold each other up', async () => {
    const url = freshUrl()
    await (await openDatabase(url, { create: true })).close()
    // Each reads between its writes, and holds the write lock for longer than one attempt waits.
    const script = `
      const database = await open('${url}')
      await database.write(sql\`INSERT OR IGNORE INTO meta (key, value) VALUES ('n', '0')\`)
      for (let i = 0; i < 40; i++) {
        await database.get(sql\`SELECT value FROM meta WHERE key = 'n'\`)
        await database.write(
          sql\`UPDATE meta SET value = value + 1 WHERE key = 'n'\`,
          sql\`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200000) SELECT max(n) FROM c\`,
        )
      }`
    expect(await Promise.all([1, 2, 3].map(() => run(script)))).toEqual([0, 0, 0])
    const database = await openDatabase(url)
    expect(await database.get(sql`SELECT value FROM meta`)).toMatchObject({ value: '120' })
  })

  it('does not hold the event loop up while another process writes', async () => {
    const url = freshUrl()
    const database = await openDatabase(url, { create: true })
    const other = spawnScript(`
      const database = await open('${url}')
      process.on('message', async () => {
        process.send('locked')
        await database.write(
          sql\`INSERT INTO meta (key, value) VALUES ('other', '1')\`,
          sql\`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 8000000) SELECT max(n) FROM c\`,
        )
        process.exit(0)
      })
      process.send('ready')`)
    await once(other, 'message')
    other.send('go')
    await once(other, 'message')
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    let isLocked = true
    while (isLocked) {
      await database.write(sql`INSERT INTO meta (key, value) VALUES (${`k${turns}`}, '1')
        ON CONFLICT DO NOTHING`)
      isLocked = (await database.get(sql`SELECT 1 FROM meta WHERE key = 'other'`)) === undefined
      if (isLocked) await new Promise((done) => setImmediate(done))
    }
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })
})

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-db-'))
  onTestFinished(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function freshUrl(): string {
  return `file:${join(freshFolder(), 'test.db')}`
}

async function run(script: string): Promise<number | null> {
  const child = spawnScript(script)
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}

/** A process of its own with `open` and `sql` in scope. */
function spawnScript(script: string) {
  const prelude = `
    import { sql } from 'drizzle-orm/sql'
    import { openDatabase } from ${JSON.stringify(resolve('db/open.ts'))}
    const open = (url) => openDatabase(url, { create: true })
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', prelude + script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
