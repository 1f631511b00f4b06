import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { cancelSend, listSends, pauseSend, readSend } from '../../integrations/mailshot/send.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const hour = 3_600_000

describe('startSend in the place of another', () => {
  test('cancels the planned send and writes the new one, though the content is the same', async () => {
    const mailshot = await openTestMailshot()
    const [soon, later] = [mailshot.now() + hour, mailshot.now() + 2 * hour]
    const first = await startFixture(mailshot, 'hello', { at: soon })

    const second = await startFixture(mailshot, 'hello', { at: later, replaces: first.send.id })

    expect(second).toMatchObject({ created: true, send: { status: 'scheduled' } })
    expect(second.send.scheduledAt).toBe(later)
    expect(await readSend(mailshot, first.send.id)).toMatchObject({
      status: 'cancelled',
      reason: `replaced by ${second.send.id}`,
    })
    const audit = await findAudit(mailshot, `send:${first.send.id}`)
    expect(audit.map(({ action, detail }) => [action, detail])).toEqual([
      ['start', expect.anything()],
      ['cancel', { replacedBy: second.send.id }],
    ])
  })

  test('is one send however often it is asked for, also after that has ended', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const first = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    const replace = () => startFixture(mailshot, 'hello', { replaces: first.send.id })

    const results = await Promise.all([replace(), replace(), replace()])
    await deliver(mailshot, { untilDone: true })
    const late = await replace()

    const ids = [...results, late].map(({ send }) => send.id)
    expect(new Set(ids).size).toBe(1)
    expect(late).toMatchObject({ created: false, send: { status: 'done', sent: 2 } })
    expect(await listSends(mailshot)).toHaveLength(2)
  })

  test('takes the place of a send that was cancelled before it started', async () => {
    const mailshot = await openTestMailshot()
    const first = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    await cancelSend(mailshot, first.send.id, { actor: 'test' })

    const again = await startFixture(mailshot, 'hello', { replaces: first.send.id })

    expect(again.created).toBe(true)
  })

  test('leaves a send alone that has started', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })

    const replaced = startFixture(mailshot, 'hello', { edition: '2', replaces: send.id })

    await expect(replaced).rejects.toMatchObject({
      code: 'send-started',
      message: expect.stringContaining(`send ${send.id} is done, and only a send of the campaign`),
    })
    expect(await listSends(mailshot)).toHaveLength(1)
  })

  test('leaves a send alone that somebody paused', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    await pauseSend(mailshot, send.id, { reason: 'operator', actor: 'test' })

    const replaced = startFixture(mailshot, 'hello', { edition: '2', replaces: send.id })

    await expect(replaced).rejects.toMatchObject({ code: 'send-started' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'paused' })
  })

  test('leaves a send alone that starts in that very moment', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    const { write } = mailshot.db
    const startsMeanwhile: typeof write = async (...statements) => {
      await write(sql`UPDATE sends SET status = 'preparing', started_at = 1 WHERE id = ${send.id}`)
      return write(...statements)
    }

    const racing = { ...mailshot, db: { ...mailshot.db, write: startsMeanwhile } }
    const replaced = startFixture(racing, 'hello', { edition: '2', replaces: send.id })

    await expect(replaced).rejects.toMatchObject({ code: 'send-open' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'preparing' })
    expect(await listSends(mailshot)).toHaveLength(1)
  })

  test('replaces nothing while another campaign sends the same content', async () => {
    const mailshot = await openTestMailshot()
    const planned = { at: mailshot.now() + hour, edition: '1' }
    const { send } = await startFixture(mailshot, 'hello', planned)
    await startFixture(mailshot, 'hello', { as: 'twin', edition: '2', at: planned.at })

    const replaced = startFixture(mailshot, 'hello', { edition: '2', replaces: send.id })

    await expect(replaced).rejects.toMatchObject({ code: 'send-open' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })

  test('replaces no send of another campaign', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })

    const replaced = startFixture(mailshot, 'bilingual', { replaces: send.id })

    await expect(replaced).rejects.toMatchObject({ code: 'send-started' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })

  test('still refuses content that was sent before', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    await startFixture(mailshot, 'hello', { edition: '1' })
    await deliver(mailshot, { untilDone: true })
    const again = { edition: '2', audience: 'again' as const, at: mailshot.now() + hour }
    const { send } = await startFixture(mailshot, 'hello', again)

    const replaced = startFixture(mailshot, 'hello', { edition: '3', replaces: send.id })

    await expect(replaced).rejects.toMatchObject({ code: 'sent-before' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })
})

describe('cancelSend', () => {
  test('keeps who did it and why, once', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello')
    const by = { actor: 'api:ci', reason: 'its file was deleted' }

    await cancelSend(mailshot, send.id, by)
    const cancelled = await cancelSend(mailshot, send.id, { actor: 'api:other' })

    expect(cancelled.reason).toBe('by api:ci: its file was deleted')
    const audit = await findAudit(mailshot, `send:${send.id}`)
    expect(audit.map(({ action, actor, detail }) => ({ action, actor, detail }))).toEqual([
      { action: 'start', actor: 'test', detail: expect.anything() },
      { action: 'cancel', actor: 'api:ci', detail: { reason: 'its file was deleted' } },
    ])
  })
})
