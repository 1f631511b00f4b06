import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { startSender } from '../integrations/mailshot/sender.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startFixture } from './start-fixture.ts'

const patience = { timeout: 30_000 }

describe('startSender', () => {
  it('says that it fails, starts again by itself once it can, and ends when told to', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await addReaders(mailshot, 3)
    await mailshot.db.write(sql`ALTER TABLE workers RENAME TO gone`)
    const sender = startSender(mailshot)
    await expect.poll(() => sender.state(), patience).toBe('failing')

    await mailshot.db.write(sql`ALTER TABLE gone RENAME TO workers`)
    await expect.poll(() => sender.state(), patience).toBe('running')
    await startFixture(mailshot, 'hello')
    const reached = () => transport.messages.filter(({ campaign }) => campaign === 'hello').length
    await expect.poll(reached, patience).toBe(3)
    await sender.stop()
    expect(sender.state()).toBe('stopped')
  })
})
