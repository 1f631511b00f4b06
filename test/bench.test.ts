import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { isThere } from '../bench/native.ts'

const bench = fileURLToPath(new URL('../bench/latency.ts', import.meta.url))

// Its sink and its proxy are compiled when they are first needed.
const hasCompiler = isThere('cc')
if (!hasCompiler) console.log('skipped: the benches need a C compiler (cc)')

it.skipIf(!hasCompiler)(
  'a bench mails through its own proxy and sink, and looks at what arrived',
  async () => {
    const args = [bench, '--mails', '20', '--rounds', '1']
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toMatch(/\| 20 ms, 20 connections \| \d/)
    expect(stdout).toMatch(/100 ms round trip: [\d.]+ a second/)
    expect(stdout).toContain('verified: 40 of the mails that were taken, to 20 readers')
  },
)
