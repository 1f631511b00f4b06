import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('a send whose snapshot cannot be read', () => {
  it('pauses and says why, and goes on once it can', async () => {
    const mailshot = await openTestMailshot({ transport: memory() })
    await addReaders(mailshot, 30)
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    const before = await mailshot.db.get<{ compiled: string }>(sql`SELECT compiled FROM snapshots`)
    await mailshot.db.write(sql`UPDATE snapshots SET compiled = '{'`)
    const stop = new AbortController()
    const ended = deliver(mailshot, { signal: stop.signal })
    await expect.poll(() => readSend(mailshot, send.id)).toMatchObject({ status: 'paused' })
    const { reason } = await readSend(mailshot, send.id)
    expect(reason).toContain('what the send froze cannot be read')
    await expect.poll(() => statusCounts(mailshot, send.id)).toEqual({ pending: 30 })
    await mailshot.db.write(sql`UPDATE snapshots SET compiled = ${before?.compiled}`)
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await expect.poll(() => statusCounts(mailshot, send.id)).toEqual({ sent: 30 })
    stop.abort()
    await ended
  })
})
