import { describe, expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { sendJson, sendSchema } from '../../integrations/mailshot/send/json.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('sendSchema', () => {
  test('reads a send as it was before it became JSON', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    await startFixture(mailshot, 'hello', { commit: 'c0ffee1' })
    await deliver(mailshot, { untilDone: true })
    const send = await readSend(mailshot, 'hello')

    const travelled: unknown = JSON.parse(JSON.stringify(sendJson(send)))

    const inner = ['triggerKey', 'pausedFrom', 'freezeCursor', 'freezeUntil', 'emptiedAt']
    const shown = Object.entries(send).filter(([name]) => !inner.includes(name))
    expect(sendSchema.parse(travelled)).toEqual(Object.fromEntries(shown))
  })

  test('reads over what a newer site adds', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello')

    const parsed = sendSchema.parse({ ...sendJson(send), opened: 12 })

    expect(parsed).toMatchObject({ id: send.id, slug: 'hello' })
    expect(parsed).not.toHaveProperty('opened')
  })

  test('reads no send out of anything else', () => {
    expect(sendSchema.safeParse({ id: 'x' }).success).toBe(false)
  })
})
