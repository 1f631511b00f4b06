import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { violationsOf } from './coverage.ts'
import type { TortureOptions } from './plan.ts'
import { torture } from './run.ts'

// The long form has 20,000 recipients, 100 kills and the site's server: npm run torture.
const short: TortureOptions = {
  seed: 1,
  recipients: 600,
  kills: 8,
  workers: 2,
  cuts: 1,
  stops: 0,
  locks: 0,
  lockMs: 0,
  steers: 1,
  server: false,
}

it('loses nobody and mails nobody twice, whatever dies at whatever step', async () => {
  const result = await torture(short)
  expect(violationsOf(short, result).join('\n')).toBe('')
  const { sent, uncertain, lost, doubled } = result.verdict
  expect({ final: sent + uncertain, lost, doubled }).toEqual({ final: 600, lost: [], doubled: [] })
  rmSync(result.folder, { recursive: true })
})
