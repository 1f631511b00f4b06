import { once } from 'node:events'
import { createServer } from 'node:net'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openImageWatch } from '../../integrations/mailshot/send/media.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { startFixture } from '../start-fixture.ts'

describe('openImageWatch', () => {
  it('gives up a look at a silent host when the worker stops', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const image = `http://127.0.0.1:${port}/a.png`
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello')
    await mailshot.db.write(
      sql`UPDATE snapshots SET compiled = json_set(compiled, '$.images', json_array(${image}))`,
    )
    const stop = new AbortController()
    const looked = Promise.withResolvers<void>()
    const watch = openImageWatch(mailshot, looked.resolve, stop.signal)
    expect(watch(send)).toBe('looking')
    await once(server, 'connection')
    stop.abort()
    await looked.promise
    expect(watch(send)).toBe('looking')
  })
})
