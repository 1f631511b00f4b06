import { createClient } from '@libsql/client'
import { expect, it } from 'vitest'
import { isCampaign } from '../settled-once.ts'
import { openSending } from './sending.ts'

const patience = { timeout: 30_000 }

it('waits while another process has the database locked, then goes on without a trace', async () => {
  const sending = await openSending(150)
  const { smtp, site, read } = sending
  const worker = sending.work('worker-1')
  await smtp.waitForMessages(30)

  const other = createClient({ url: site.mailshot.db.url, timeout: 5_000 })
  const lock = await other.transaction('write')
  const unwritten = async () => smtp.messages.filter(isCampaign).length - (await read()).sent
  await expect.poll(unwritten, patience).toBe(site.capacity)
  expect(worker.state).toBe('running')
  await lock.rollback()
  other.close()

  await worker.ended
  expect(worker.child.exitCode).toBe(0)
  expect(await sending.expectDone()).toBe(0)
})
