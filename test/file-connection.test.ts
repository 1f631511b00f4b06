import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { withClient } from '../db/copy.ts'
import { openFileConnection } from '../db/file-connection.ts'

describe('a database file without its log', () => {
  test('lacks what was written in the last seconds alone', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { connection, write, inFileAlone } = openTable()
    await write(1)
    vi.advanceTimersByTime(10_000)
    await write(2)
    expect(await inFileAlone()).toEqual([1])
    connection.close()
  })

  test('has all once its last user has closed it, and what others let it have before', async () => {
    const { file, connection, write, inFileAlone } = openTable()
    const other = openFileConnection(file)
    await other.read({ text: 'SELECT x FROM t', values: [] })
    await write(1)
    connection.close()
    expect(await inFileAlone()).toEqual([1])
    other.close()
  })
})

function openTable() {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-file-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.db')
  const connection = openFileConnection(file)
  const run = (text: string) => connection.writer([{ text, values: [] }])()
  void run('CREATE TABLE t (x)')
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
