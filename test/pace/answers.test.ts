import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { outcomeOfFault } from '../../integrations/mailshot/transports/smtp/outcome.ts'
import { openReceivingSide, withLeaps } from './receiving-side.ts'

const second = 1000
const minute = 60 * second

describe('what a mail server says once, at the tenth mail', () => {
  it('SES’s throttling slows the relay and costs nobody a try', async () => {
    const { gap, tries, lanes } = await mailPast(
      '454 Throttling failure: Maximum sending rate exceeded.',
    )
    expect(gap).toBeGreaterThanOrEqual(5 * second)
    expect(gap).toBeLessThan(15 * second)
    expect(tries).toEqual([1])
    expect(lanes).toEqual([{ scope: 'transport:memory', isSlowed: 1 }])
  })

  it('SES’s daily quota rests the relay for an hour and tells the operator', async () => {
    const { gap, tries, letters } = await mailPast(
      '454 Throttling failure: Daily message quota exceeded.',
    )
    expect(gap).toBeGreaterThanOrEqual(60 * minute)
    expect(gap).toBeLessThan(62 * minute)
    expect(tries).toEqual([1])
    expect(letters).toContain('resting')
  })

  it('a 421 rests the relay for a moment and slows nothing', async () => {
    const { gap, tries, lanes } = await mailPast('421 4.3.2 Service shutting down')
    expect(gap).toBeGreaterThanOrEqual(10 * second)
    expect(gap).toBeLessThan(20 * second)
    expect(tries).toEqual([1])
    expect(lanes).toEqual([{ scope: 'transport:memory', isSlowed: 0 }])
  })

  it('a wait that it names is kept', async () => {
    const { gap, tries } = await mailPast(
      '451 4.7.0 Too many connections, wait 3 minutes',
      'MAIL FROM',
    )
    expect(gap).toBeGreaterThanOrEqual(3 * minute)
    expect(gap).toBeLessThan(4 * minute)
    expect(tries).toEqual([1])
  })

  it('4.7.28 of one domain slows that domain while the others go on', async () => {
    const { gap, tries, lanes, back } = await mailPast(
      '450 4.7.28 Unusual rate of mail from you',
      'RCPT TO',
    )
    expect(gap).toBeLessThan(2 * second)
    expect(tries).toEqual([1, 2])
    expect(lanes).toContainEqual({ scope: 'domain:gmail.com', isSlowed: 1 })
    expect(back).toBeGreaterThanOrEqual(5 * minute)
  })

  it('a greylisted reader comes back just after the wait it asks for, and slows nobody', async () => {
    const { gap, tries, lanes, back } = await mailPast(
      '450 4.2.0 Greylisted, see http://postgrey.example/ (try again in 300 seconds)',
      'RCPT TO',
    )
    expect(gap).toBeLessThan(2 * second)
    expect(tries).toEqual([1, 2])
    expect(lanes).toEqual([{ scope: 'transport:memory', isSlowed: 0 }])
    expect(back).toBeGreaterThanOrEqual(300 * second)
    expect(back).toBeLessThan(320 * second)
  })

  it('a greylist that names no wait is asked again after five minutes', async () => {
    const { back } = await mailPast(
      '451 4.7.1 Greylisting in action, please come back later',
      'RCPT TO',
    )
    expect(back).toBeGreaterThanOrEqual(5 * minute)
    expect(back).toBeLessThan(5.5 * minute)
  })

  it('a refused sender pauses the send at once, and says why', async () => {
    const { send, tries } = await mailPast(
      '553 5.7.1 Sender address rejected: not owned by user',
      'MAIL FROM',
    )
    expect(send).toMatchObject({
      status: 'paused',
      reason: expect.stringMatching(/^blocked: .*not owned by user/),
      failed: 0,
    })
    expect(tries).toEqual([0, 1])
  })

  it('a refused login does too', async () => {
    const { send } = await mailPast('535 5.7.8 Authentication failed', 'AUTH')
    expect(send).toMatchObject({ status: 'paused', failed: 0 })
  })
})

/** Mails 40 readers past the server's one answer, as long as that takes in virtual time. */
async function mailPast(
  response: string,
  command: 'MAIL FROM' | 'RCPT TO' | 'AUTH' | 'DATA' = 'DATA',
) {
  const refused: { message: Message; at: number }[] = []
  let tried = 0
  const { mailshot, arrivals, start } = await openReceivingSide(
    { pace: '20/second', leaseSeconds: 3600 },
    {
      readers: { 'gmail.com': 20, 'example.net': 20 },
      parallel: 1,
      answer: (message, at) => {
        tried += 1
        if (tried !== 10) return undefined
        refused.push({ message, at })
        return outcomeOfFault({
          code: command === 'AUTH' ? 'EAUTH' : 'EENVELOPE',
          command,
          responseCode: Number(response.slice(0, 3)),
          response,
          message: response,
          handedOver: command === 'DATA',
        })
      },
    },
  )
  const { send } = await start()
  await deliver(withLeaps(mailshot), { untilDone: true })
  const { message, at = 0 } = refused[0] ?? {}
  const after = arrivals.filter((one) => one.at > at && !one.isLetter)
  const again = after.find(({ to }) => to === message?.envelope.to)
  const rows = await listRecipients(mailshot, { sendId: send.id })
  const kinds = await mailshot.db.all<{ event: string }>(
    sql`SELECT "values" ->> 'event' AS event FROM letters WHERE kind = 'alarm'`,
  )
  return {
    /** Until the next mail to anybody. */
    gap: Math.min(...after.map((one) => one.at)) - at,
    /** Until the next mail to whom it was said. */
    back: (again?.at ?? Infinity) - at,
    tries: [...new Set(rows.map((row) => row.tries))].toSorted((a, b) => a - b),
    lanes: await mailshot.db.all(
      sql`SELECT scope, spacing > 0 AS isSlowed FROM lanes ORDER BY scope`,
    ),
    letters: kinds.map(({ event }) => event),
    send: await readSend(mailshot, send.id),
  }
}
