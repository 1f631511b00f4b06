import { describe, expect, test } from 'vitest'
import { sql } from 'drizzle-orm/sql'
import { resolveTransports } from '../../integrations/mailshot/route.ts'
import { askProvider } from '../../integrations/mailshot/send/ask.ts'
import { resend } from '../../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../../integrations/mailshot/send/settle.ts'
import type { Message, Outcome } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { mixedSend, reader, recipientOf } from '../mixed-send.ts'

/** A send with one uncertain recipient, whose provider answers so. */
async function ask(answer: Outcome) {
  const { mailshot, send } = await mixedSend()
  const asked: Message[] = []
  const lookUp = (messages: readonly Message[]) => {
    asked.push(...messages)
    return Promise.resolve(messages.map(() => answer))
  }
  const transport = { ...mailshot.config.transport, lookUp }
  const able = { ...mailshot, config: { ...mailshot.config, transport } }
  const result = await askProvider(able, 'hello', 'cli:root')
  return { asked, result, recipient: await recipientOf(mailshot, send, reader(3)) }
}

describe('askProvider', () => {
  test('settles as sent what the provider has, asked with the very mail', async () => {
    const { asked, result, recipient } = await ask({ status: 'accepted', providerId: 'p1' })

    expect(result).toMatchObject({ asked: 1, sent: 1, failed: 0, send: { sent: 3, uncertain: 0 } })
    expect(recipient).toMatchObject({
      status: 'sent',
      reason: 'settled as sent by cli:root: so says memory',
    })
    expect(asked.map(({ messageId }) => messageId)).toEqual([recipient?.messageId])
  })

  test('settles as failed what the provider refused', async () => {
    const { result, recipient } = await ask({ status: 'rejected', class: 'hard', reason: 'no' })

    expect(result).toMatchObject({ asked: 1, sent: 0, failed: 1 })
    expect(recipient).toMatchObject({ status: 'failed' })
  })

  test('leaves uncertain what the provider does not know', async () => {
    const { result, recipient } = await ask({ status: 'uncertain', reason: 'not there' })

    expect(result).toMatchObject({ asked: 1, sent: 0, failed: 0, send: { uncertain: 1 } })
    expect(recipient).toMatchObject({ status: 'uncertain' })
  })

  test('lets whoever was settled or resent while it asks be, and goes on with the others', async () => {
    const { mailshot, send } = await mixedSend()
    // All were in hand of a process that died.
    await mailshot.db.write(sql`UPDATE recipients SET status = 'uncertain', settled_at = 1`)
    const actor = 'operator'
    const lookUp = async (messages: readonly Message[]) => {
      await settleUncertain(mailshot, send.id, { as: 'failed', which: [reader(1)], actor })
      await resend(mailshot, send.id, { choice: { emails: [reader(2)], again: false }, actor })
      // The worker that mailed it once more died, too.
      await mailshot.db.write(
        sql`UPDATE recipients SET status = 'uncertain', settled_at = 1 WHERE email = ${reader(2)}`,
      )
      return messages.map((): Outcome => ({ status: 'accepted', providerId: 'p' }))
    }
    const transport = { ...mailshot.config.transport, lookUp }
    const able = { ...mailshot, config: { ...mailshot.config, transport } }

    const result = await askProvider(able, 'hello', 'cli:root')

    expect(result).toMatchObject({ asked: 4, sent: 2, failed: 0, send: { sent: 2, uncertain: 1 } })
    expect(await recipientOf(mailshot, send, reader(1))).toMatchObject({
      status: 'failed',
      reason: 'settled as failed by operator',
    })
    expect(await recipientOf(mailshot, send, reader(2))).toMatchObject({
      status: 'uncertain',
      resend: 1,
    })
  })

  test('asks each transport about what it carried alone', async () => {
    const { mailshot: given, send } = await mixedSend()
    const asked: string[] = []
    const lookUp = (messages: readonly Message[]) => {
      asked.push(...messages.map(({ envelope }) => envelope.to))
      return Promise.resolve(messages.map((): Outcome => ({ status: 'accepted', providerId: 'p' })))
    }
    const { config } = given
    const { pace, ramp, hours } = config
    const ways = { memory: { use: config.transport }, bulk: { use: { ...memory(), lookUp } } }
    const mailshot = {
      ...given,
      config: { ...config, transports: resolveTransports(ways, { pace, ramp, hours }) },
    }
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'uncertain', settled_at = 1, transport = 'bulk' WHERE email = ${reader(1)}`,
    )

    const result = await askProvider(mailshot, 'hello', 'cli:root')

    expect(result).toMatchObject({ asked: 2, sent: 1, by: ['bulk'], send: { uncertain: 1 } })
    expect(asked).toEqual(['Reader1@example.net'])
    expect(await recipientOf(mailshot, send, reader(1))).toMatchObject({
      reason: 'settled as sent by cli:root: so says bulk',
    })
  })

  test('says how else to know where nobody can be asked', async () => {
    const { mailshot } = await mixedSend()

    await expect(askProvider(mailshot, 'hello', 'cli:root')).rejects.toThrow(
      'memory cannot tell what became of a mail; its log can: mailshot settle hello --as sent|failed …',
    )
  })
})
