import { expect, it } from 'vitest'
import { isCampaign } from '../settled-once.ts'
import { openSending } from './sending.ts'
import { openSmallDisk } from './small-disk.ts'

const patience = { timeout: 30_000 }
/** Where files are kept small, SQLite takes that for a fault of the disk. */
const waiting =
  /(?:database or disk is full|disk I\/O error).+the database cannot be used for now; trying again/

it('waits while the disk is full, then goes on: nobody lost, twice, or uncertain', async (test) => {
  const disk = openSmallDisk(24)
  if (!disk) return test.skip('a small disk cannot be made here, nor files be kept small')
  const { folder } = disk
  const sending = await openSending(150, folder === undefined ? {} : { folder })
  const { smtp, site, read } = sending
  const worker = sending.work('worker-1')
  await smtp.waitForMessages(30)

  disk.fill(worker.pid)
  // Everything in hand has been answered, and not one outcome can be written down.
  const unwritten = async () => smtp.messages.filter(isCampaign).length - (await read()).sent
  await expect.poll(unwritten, patience).toBe(site.capacity)
  await expect.poll(() => worker.output(), patience).toMatch(waiting)
  expect(worker.state).toBe('running')
  disk.clear(worker.pid)

  await worker.ended
  expect(worker.child.exitCode).toBe(0)
  expect(await sending.expectDone()).toBe(0)
})
