import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { withClient } from '../db/copy.ts'
import { openFileConnection } from '../db/file-connection.ts'

describe('a database file without its log', () => {
  test('lacks what was written in the last seconds alone', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { connection, write, inFileAlone } = await openTable()
    await write(1)
    vi.advanceTimersByTime(10_000)
    await write(2)
    expect(await inFileAlone()).toEqual([1])
    await connection.close()
  })

  test('has all once its last user has closed it, and what others let it have before', async () => {
    const { file, connection, write, inFileAlone } = await openTable()
    const other = openFileConnection(file)
    await other.read({ text: 'SELECT x FROM t', values: [] })
    await write(1)
    await connection.close()
    expect(await inFileAlone()).toEqual([1])
    await other.close()
  })
})

describe('a database file that is removed while it is open', () => {
  test('is not made anew, and used again once one is back', async () => {
    const { file, write, connection } = await openTable()
    await write(1)
    renameSync(file, `${file}.away`)
    await expect(write(2)).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' })
    await expect(write(3)).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' })
    expect(existsSync(file)).toBe(false)
    renameSync(`${file}.away`, file)
    await write(4)
    expect(await connection.read({ text: 'SELECT max(x) AS x FROM t', values: [] })).toEqual([
      { x: 4 },
    ])
    await connection.close()
  })

  test('is not written any more once another is in its place', async () => {
    const { file, write, connection } = await openTable()
    await write(1)
    const other = `${file}.other`
    await withClient(other, (client) => client.execute('CREATE TABLE t (x)'))
    renameSync(other, file)
    for (const log of ['-wal', '-shm']) rmSync(file + log, { force: true })
    await write(2)
    expect(await connection.read({ text: 'SELECT x FROM t', values: [] })).toEqual([{ x: 2 }])
    await connection.close()
  })
})

async function openTable() {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-file-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.db')
  const connection = openFileConnection(file)
  const run = (text: string) => connection.writer([{ text, values: [] }])()
  await run('CREATE TABLE t (x)')
  return {
    file,
    connection,
    write: (value: number) => run(`INSERT INTO t VALUES (${value})`),
    inFileAlone: async () => {
      const copy = join(folder, 'copy.db')
      copyFileSync(file, copy)
      const { rows } = await withClient(copy, (client) => client.execute('SELECT x FROM t'))
      return rows.map(({ x }) => x)
    },
  }
}
