import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openFileConnection } from '../../db/file-connection.ts'
import { patiently } from '../../db/patience.ts'

describe('a commit on another thread', () => {
  test('leaves all in the order of the calls, each read seeing the writes before it', async () => {
    const { write, read } = await openTable()
    const answers: [number, unknown][] = []
    const calls = Array.from({ length: 60 }, async (_, index) => {
      const isRead = index % 3 === 2
      const answer = await (isRead
        ? read('SELECT max(x) AS most FROM t')
        : write(`INSERT INTO t VALUES (${index})`))
      answers.push([index, isRead ? answer : undefined])
    })
    await Promise.all(calls)
    expect(answers).toEqual(
      calls.map((_, index) => [index, index % 3 === 2 ? [{ most: index - 1 }] : undefined]),
    )
  })

  test('fails for its own write alone, which can be made again', async () => {
    const { connection, write, read } = await openTable()
    await write(
      'CREATE TABLE parent (id INTEGER PRIMARY KEY)',
      'CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)',
    )
    // The foreign key is looked at in the commit.
    const child = connection.writer([
      { text: 'INSERT INTO t VALUES (2)', values: [] },
      { text: 'INSERT INTO child VALUES (7)', values: [] },
    ])
    const [before, refused, during, after] = await Promise.allSettled([
      write('INSERT INTO t VALUES (1)'),
      child(),
      read('SELECT x FROM t'),
      write('INSERT INTO t VALUES (3)', 'SELECT x FROM t'),
    ])
    expect(before.status).toBe('fulfilled')
    expect(refused).toMatchObject({ reason: { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } })
    expect(during).toMatchObject({ value: [{ x: 1 }] })
    expect(after).toMatchObject({ value: [[], [{ x: 1 }, { x: 3 }]] })
    await write('INSERT INTO parent VALUES (7)')
    await child()
    expect(await read('SELECT x FROM t')).toEqual([{ x: 1 }, { x: 3 }, { x: 2 }])
  })

  test('ends before the database is closed, and what is called later is refused', async () => {
    const { file, connection, write, read } = await openTable()
    const [first, second, closed, late, lateRead] = await Promise.allSettled([
      write('INSERT INTO t VALUES (1)'),
      write('INSERT INTO t VALUES (2)'),
      connection.close(),
      write('INSERT INTO t VALUES (3)'),
      read('SELECT x FROM t'),
    ])
    expect([first.status, second.status, closed.status]).toEqual(Array(3).fill('fulfilled'))
    expect(late).toMatchObject({ reason: { message: 'the database is closed' } })
    expect(lateRead).toMatchObject({ reason: { message: 'the database is closed' } })
    await connection.close()
    const again = openFileConnection(file)
    expect(await again.read({ text: 'SELECT x FROM t', values: [] })).toEqual([{ x: 1 }, { x: 2 }])
    await again.close()
  })

  test('of one connection and those of another take turns, and lose nothing', async () => {
    const { file, connection, read } = await openTable()
    const other = openFileConnection(file)
    const writes = Array.from({ length: 60 }, (_, x) => {
      const text = `INSERT INTO t VALUES (${x})`
      const attempt = (x % 2 === 0 ? connection : other).writer([{ text, values: [] }])
      return patiently({ ms: 60_000 }, attempt)
    })
    await Promise.all(writes)
    await other.close()
    expect(await read('SELECT count(*) AS n, count(DISTINCT x) AS x FROM t')).toEqual([
      { n: 60, x: 60 },
    ])
  })
})

describe('a write that cannot be taken back', () => {
  test('fails for its own reason, and leaves nothing behind for what comes after', async () => {
    const { write, read } = await openTable()
    let rollbacks = 0
    const { exec } = Database.prototype
    onTestFinished(() => void (Database.prototype.exec = exec))
    Database.prototype.exec = function (text) {
      if (text === 'ROLLBACK' && (rollbacks += 1) === 1) throw new Error('cannot roll back')
      return exec.call(this, text)
    }
    await expect(write('INSERT INTO t VALUES (1)', 'INSERT INTO none VALUES (1)')).rejects.toThrow(
      'no such table: none',
    )
    expect(await read('SELECT x FROM t')).toEqual([])
    await write('INSERT INTO t VALUES (2)')
    expect(await read('SELECT x FROM t')).toEqual([{ x: 2 }])
    expect(rollbacks).toBe(2)
  })
})

describe('a binding whose halves have nothing in common', () => {
  test('is refused by name at the first call, and not in the middle of a send', async () => {
    class Other {
      exec(): Promise<void> {
        throw new TypeError('failed to downcast any to neon::types::boxed::JsBox')
      }
    }
    vi.resetModules()
    vi.doMock('libsql/promise', () => ({ default: Other }))
    onTestFinished(() => vi.doUnmock('libsql/promise'))
    const { openFileConnection: open } = await import('../../db/file-connection.ts')
    const connection = open(':memory:')
    await expect(connection.read({ text: 'SELECT 1', values: [] })).rejects.toThrow(
      'libsql/promise cannot use what libsql has opened: install the version of libsql',
    )
  })
})

async function openTable() {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-commit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.db')
  const connection = openFileConnection(file)
  onTestFinished(() => connection.close())
  const write = (...texts: string[]) =>
    connection.writer(texts.map((text) => ({ text, values: [] })))()
  await write('CREATE TABLE t (x)')
  return {
    file,
    connection,
    write,
    read: (text: string) => connection.read({ text, values: [] }),
  }
}
