import { expect, it } from 'vitest'
import { sliceSize, timeSlice } from '../../integrations/mailshot/send/slice.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

it('a slice that keeps the event loop long makes the next one smaller, also where it begins late', async () => {
  const mailshot = await openTestMailshot()
  const before = sliceSize(mailshot)
  await timeSlice(mailshot, before, async () => {
    await new Promise(setImmediate)
    const until = performance.now() + 60
    while (performance.now() < until);
  })
  expect(sliceSize(mailshot)).toBeLessThan(before / 2)
})
