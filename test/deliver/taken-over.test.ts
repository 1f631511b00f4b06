import { expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { takeOver } from '../../integrations/mailshot/hold.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { mailedReaders } from '../mixed-send.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

test('a worker whose database is taken over by another site gives back what it claimed, and ends', async () => {
  const transport = memory({ parallel: 1 })
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 4)
  const { send } = await startFixture(mailshot, 'hello')
  let answer = () => {}
  const answered = new Promise<void>((resolve) => (answer = resolve))
  const inHand = new Promise<void>((resolve) => {
    transport.failWhen(async ({ campaign }) => {
      if (campaign === undefined) return undefined
      resolve()
      await answered
      return undefined
    })
  })
  const working = deliver(mailshot)
  await inHand
  const counts = await statusCounts(mailshot, send.id)

  await takeOver(mailshot.db, { ...mailshot.config, site: 'https://new.example' })

  expect(counts['claimed']).toBeGreaterThan(0)
  expect(await statusCounts(mailshot, send.id)).toEqual({ 'in-hand': 1, pending: 3 })
  answer()
  await expect(working).rejects.toThrow(
    'nothing is sent: the database belongs to https://new.example, the config says https://example.org',
  )
  expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'paused', sent: 1 })
  expect(mailedReaders(transport)).toHaveLength(1)
})
