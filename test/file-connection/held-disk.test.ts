import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isThere } from '../../bench/native.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const canHold = process.platform === 'linux' && isThere('cc')
if (!canHold) console.log('skipped: to hold the disk takes Linux and a C compiler (cc)')

describe.skipIf(!canHold)('while the disk is waited for', () => {
  test('the event loop turns during a commit, and what is called meanwhile comes after it', async () => {
    expect(await run('commit')).toEqual(['let go', 'committed', '2'])
  })

  test('the event loop turns during a checkpoint, and what is called meanwhile comes after it', async () => {
    expect(await run('checkpoint')).toEqual(['let go', '1'])
  })
})

/** What a process says whose disk is held until it lets go of it itself. */
async function run(during: 'commit' | 'checkpoint'): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-held-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [shim, held] = [join(folder, 'shim.so'), join(folder, 'held')]
  execFileSync('cc', ['-shared', '-fPIC', '-o', shim, path('held-disk.c'), '-ldl'])
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path('held-disk.ts'), join(folder, 'held.db'), held, during],
    { env: { ...process.env, LD_PRELOAD: shim, HELD: held }, timeout: 20_000 },
  )
  return stdout.trim().split('\n')
}
