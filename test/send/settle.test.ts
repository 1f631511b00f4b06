import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { listEvents } from '../../integrations/mailshot/event/list.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { pauseSend, readSend } from '../../integrations/mailshot/send.ts'
import { resend } from '../../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../../integrations/mailshot/send/settle.ts'
import { mixedSend, reader, recipientOf } from '../mixed-send.ts'

const actor = 'cli:root'

describe('settleUncertain', () => {
  test('takes the word of the operator, and the counters follow', async () => {
    const { mailshot, send } = await mixedSend()
    expect(send).toMatchObject({ sent: 2, failed: 1, uncertain: 1 })

    const which = [reader(3)]
    const result = await settleUncertain(mailshot, 'hello', { as: 'sent', which, actor })

    expect(result).toMatchObject({ settled: 1, already: 0 })
    expect(result.send).toMatchObject({ status: 'done', sent: 3, failed: 1, uncertain: 0 })
    expect(await recipientOf(mailshot, send, reader(3))).toMatchObject({
      status: 'sent',
      reason: 'settled as sent by cli:root',
      settledAt: mailshot.now(),
    })
  })

  test('stands, whatever is reported later; that is to be seen beside it', async () => {
    const { mailshot, send } = await mixedSend()
    const which = [reader(3)]
    await settleUncertain(mailshot, 'hello', { as: 'failed', which, actor })
    const found = await recipientOf(mailshot, send, reader(3))

    const mail = { recipient: reader(3), messageId: found?.messageId ?? '', raw: null }
    const event = { type: 'delivered', word: 'sent', at: mailshot.now(), ...mail } as const
    await recordEvents(mailshot, 'memory', [event])

    expect(await recipientOf(mailshot, send, reader(3))).toEqual({
      ...found,
      delivery: 'delivered',
    })
    expect(await readSend(mailshot, send.id)).toMatchObject({ sent: 2, failed: 2, uncertain: 0 })
    expect(await listEvents(mailshot, { email: reader(3) })).toMatchObject([
      { type: 'delivered', matched: true, send: send.id },
    ])
  })

  test('settles all of a send that are uncertain, and nobody else', async () => {
    const { mailshot, send } = await mixedSend()

    const request = { as: 'failed', which: 'all', reason: 'not in the log', actor } as const
    const result = await settleUncertain(mailshot, send.id, request)

    expect(result).toMatchObject({ settled: 1, send: { sent: 2, failed: 2, uncertain: 0 } })
    expect(await recipientOf(mailshot, send, reader(3))).toMatchObject({
      status: 'failed',
      reason: 'settled as failed by cli:root: not in the log',
    })
  })

  test('notes who settled what, and what was known before', async () => {
    const { mailshot, send } = await mixedSend()
    const before = await recipientOf(mailshot, send, reader(3))
    const request = { as: 'sent', which: [reader(3)], reason: 'seen by the relay', actor } as const
    await settleUncertain(mailshot, send.id, request)

    const [ofSend] = (await findAudit(mailshot, `send:${send.id}`)).slice(-1)
    const ofRecipient = await findAudit(mailshot, `recipient:${before?.id}`)

    const at = mailshot.now()
    expect(ofSend).toMatchObject({ at, actor, action: 'settle', detail: { as: 'sent', count: 1 } })
    expect(ofRecipient).toEqual([
      {
        at,
        actor,
        action: 'settle',
        subject: `recipient:${before?.id}`,
        detail: {
          as: 'sent',
          note: 'seen by the relay',
          send: send.id,
          was: 'uncertain',
          tries: 1,
          reason: 'the connection broke',
          messageId: before?.messageId,
          inHandAt: before?.inHandAt,
          settledAt: before?.settledAt,
        },
      },
    ])
  })

  test('does no harm when it is repeated', async () => {
    const { mailshot, send } = await mixedSend()
    const request = { as: 'sent', which: [reader(3)], actor } as const
    await settleUncertain(mailshot, send.id, request)
    const audit = await findAudit(mailshot, `send:${send.id}`)

    const again = await settleUncertain(mailshot, send.id, request)
    const all = await settleUncertain(mailshot, send.id, { ...request, which: 'all' })

    expect([again, all]).toMatchObject([
      { settled: 0, already: 1 },
      { settled: 0, already: 0 },
    ])
    expect(all.send).toMatchObject({ sent: 3, uncertain: 0 })
    expect(await findAudit(mailshot, `send:${send.id}`)).toEqual(audit)
  })

  test('leaves whom a late answer gave back in that moment to be mailed', async () => {
    const { mailshot, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: { statuses: ['failed'] }, actor })
    await pauseSend(mailshot, send.id, { reason: 'operator', actor })
    const write: Mailshot['db']['write'] = async (...statements) => {
      await mailshot.db
        .write(sql`UPDATE recipients SET status = 'pending', settled_at = ${mailshot.now()}
        WHERE status = 'uncertain'`)
      return mailshot.db.write(...statements)
    }
    const busy = { ...mailshot, db: { ...mailshot.db, write } }

    const settled = await settleUncertain(busy, send.id, { as: 'sent', which: 'all', actor })

    expect(settled).toMatchObject({ settled: 0, send: { sent: 2, uncertain: 0, remaining: 2 } })
    expect(await recipientOf(mailshot, send, reader(3))).toMatchObject({ status: 'pending' })
  })

  test('says what somebody is who is not uncertain, and changes nobody', async () => {
    const { mailshot, send } = await mixedSend()

    const which = [reader(3), reader(2)]
    const settle = settleUncertain(mailshot, send.id, { as: 'sent', which, actor })

    await expect(settle).rejects.toMatchObject({
      code: 'wrong-status',
      message: `send ${send.id} (hello): reader2@example.net is failed, and only what is uncertain can be settled; nothing was changed`,
    })
    expect(await readSend(mailshot, send.id)).toMatchObject({ uncertain: 1, failed: 1 })
  })

  test('says who is no recipient, and changes nobody', async () => {
    const { mailshot, send } = await mixedSend()

    const which = [reader(3), reader(9)]
    const settle = settleUncertain(mailshot, send.id, { as: 'sent', which, actor })

    await expect(settle).rejects.toMatchObject({
      code: 'no-recipient',
      message: `reader9@example.net: no recipient of send ${send.id} (hello); to mail it to one subscriber: mailshot send hello --to ADDRESS`,
    })
    expect(await readSend(mailshot, send.id)).toMatchObject({ uncertain: 1 })
  })
})
