import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, describe, onTestFinished, test } from 'vitest'
import { loadMjml } from '../../integrations/mailshot/compile/load-mjml.ts'

describe('loadMjml', () => {
  test('runs no packages that a file beside it names', async () => {
    const [folder, before] = [mkdtempSync(join(tmpdir(), 'mailshot-mjml-')), process.cwd()]
    onTestFinished(() => {
      process.chdir(before)
      rmSync(folder, { recursive: true, force: true })
    })
    process.chdir(folder)
    expect(await loadMjml()).toBeTypeOf('function')
    writeFileSync(join(folder, '.mjmlconfig'), '{ "packages": ["./evil.js"] }')
    await expect(loadMjml()).rejects.toThrow(/\.mjmlconfig: .*; remove that file/)
  })
})
