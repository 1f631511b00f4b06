import { rmSync } from 'node:fs'
import { describe, type ExpectStatic, it } from 'vitest'
import { violationsOf } from './coverage.ts'
import type { TortureOptions } from './plan.ts'
import { torture } from './run.ts'

// The long form has 20,000 recipients, 100 kills and the site's server: npm run torture.
const calm: TortureOptions = {
  seed: 1,
  recipients: 100,
  kills: 0,
  workers: 2,
  cuts: 0,
  stops: 0,
  locks: 0,
  lockMs: 30_000,
  steers: 0,
  settles: 0,
  cancels: 0,
  rests: 0,
  remote: false,
  server: false,
}

// Beside each other, since most of them wait for most of the time.
describe.concurrent('a send loses nobody and mails nobody twice', { timeout: 300_000 }, () => {
  it('whatever dies at whatever step, and whatever the operator does', async ({ expect }) => {
    const much = { recipients: 600, kills: 8, cuts: 1, steers: 1, settles: 1, cancels: 1, rests: 1 }
    await expectMailedOnce(expect, { ...calm, ...much })
  })

  it('from a database that is far away, over a network that loses requests and answers', async ({
    expect,
  }) => {
    const far = { remote: true, recipients: 200, kills: 2, settles: 1 }
    await expectMailedOnce(expect, { ...calm, ...far })
  })

  it('when another process has the database locked for 30 s, and says what it waits for', async ({
    expect,
  }) => {
    const uncertain = await expectMailedOnce(expect, { ...calm, locks: 1 })
    expect(uncertain).toBe(0)
  })
})

/** Both sides' books agree; answers how many are uncertain. */
async function expectMailedOnce(expect: ExpectStatic, options: TortureOptions): Promise<number> {
  const result = await torture(options)
  expect(violationsOf(options, result).join('\n')).toBe('')
  const { sent, uncertain, lost, doubled } = result.verdict
  expect({ lost, doubled }).toEqual({ lost: [], doubled: [] })
  expect(sent + uncertain).toBe(options.recipients)
  rmSync(result.folder, { recursive: true })
  return uncertain
}
