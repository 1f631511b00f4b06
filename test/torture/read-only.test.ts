import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSending, type Sending } from './sending.ts'

/** Root may write everything, so its workers run as nobody. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined

it('says which file it may not write, and mails everybody once it may', async (test) => {
  if (!mayRunAs(uid)) return test.skip('another user may not read this checkout')
  const sending = await openSending(20)
  allow(sending, { file: 0o444, folder: 0o555 })

  const refused = sending.work('worker-1', { uid })
  await refused.ended
  expect(refused.child.exitCode).toBe(2)
  expect(refused.output()).toBe(
    'mailshot: the database: attempt to write a readonly database; this user may not write its file or its ' +
      'folder: change their rights, or run this as their owner\n',
  )
  expect(sending.smtp.messages).toEqual([])

  allow(sending, { file: 0o644, folder: 0o755 })
  const allowed = sending.work('worker-2', { uid })
  await allowed.ended
  expect(allowed.child.exitCode).toBe(0)
  expect(await sending.expectDone()).toBe(0)
})

function allow({ site: { folder } }: Sending, modes: { file: number; folder: number }): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith('mailshot.db'))) {
    if (uid !== undefined) chownSync(join(folder, name), uid, uid)
    chmodSync(join(folder, name), modes.file)
  }
  if (uid !== undefined) chownSync(folder, uid, uid)
  chmodSync(folder, modes.folder)
}

function mayRunAs(user: number | undefined): boolean {
  try {
    const read = 'fs.accessSync(process.argv[1])'
    const file = new URL('../../integrations/mailshot/cli.ts', import.meta.url).pathname
    execFileSync(process.execPath, ['-e', read, file], { uid: user, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
