import { describe, expect, test } from 'vitest'
import { recordBounce } from '../../integrations/mailshot/bounce/record.ts'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { openBounces } from './open-bounces.ts'

describe('recordBounce', () => {
  test('finds the mail by the address it came back to, and suppresses who does not exist', async () => {
    const { mailshot, sent, events, suppressed } = await openBounces()

    const done = await recordBounce(mailshot, bounceOf(sent))

    expect(done).toMatchObject({ kind: 'bounce', isUnderstood: true, recorded: 1, unmatched: 0 })
    expect(await events()).toMatchObject([
      {
        type: 'bounced',
        recipient: 'reader1@example.net',
        class: 'hard',
        status: '5.1.1',
        matched: true,
      },
    ])
    expect(await suppressed()).toMatchObject({ reason: 'hard-bounce' })
  })

  test('changes nothing when the same mail comes again', async () => {
    const { mailshot, sent, events } = await openBounces()
    await recordBounce(mailshot, bounceOf(sent))

    const again = await recordBounce(mailshot, bounceOf(sent))

    expect(again).toMatchObject({ recorded: 0, repeated: 1 })
    expect(await events()).toHaveLength(1)
  })

  test('finds the mail in a relay’s hands that folds the case of addresses', async () => {
    const { mailshot, sent } = await openBounces()

    const folded = await recordBounce(
      mailshot,
      bounceOf(sent, { to: sent.envelope.from.toUpperCase() }),
    )

    expect(folded).toMatchObject({ recorded: 1, unmatched: 0 })
  })

  test('believes nobody who has no token of that mail, and keeps what they say', async () => {
    const { mailshot, sent, events, suppressed } = await openBounces()
    const forged = bounceOf(sent, {
      to: 'bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@news.example.org',
      returned: [`Message-ID: ${sent.messageId}`, 'To: reader1@example.net'],
    })

    const done = await recordBounce(mailshot, forged)

    expect(done).toMatchObject({ recorded: 1, unmatched: 1 })
    expect(await events()).toMatchObject([{ type: 'bounced', matched: false, recipient: null }])
    expect(await suppressed()).toBeUndefined()
  })

  test('believes a complaint by the link to leave that the returned mail carries', async () => {
    const { mailshot, sent, suppressed } = await openBounces()

    const done = await recordBounce(mailshot, complaintOf(sent))

    expect(done).toMatchObject({ kind: 'complaint', recorded: 1, unmatched: 0 })
    expect(await suppressed()).toMatchObject({ reason: 'complaint' })
  })

  test('takes a delay for what it is', async () => {
    const { mailshot, sent, events, suppressed } = await openBounces()

    await recordBounce(mailshot, bounceOf(sent, { action: 'delayed' }))

    expect(await events()).toMatchObject([{ type: 'deferred', class: null, matched: true }])
    expect(await suppressed()).toBeUndefined()
  })

  test('lets a reader leave by writing to the address in the mail', async () => {
    const { mailshot, sent, events, isActive } = await openBounces()
    const address = /<mailto:([^?>]+)/.exec(sent.headers['List-Unsubscribe'] ?? '')?.[1]
    expect(await isActive()).toBe(true)

    const done = await recordBounce(mailshot, leavingOf(address ?? ''))

    expect(done).toMatchObject({ kind: 'unsubscribe', isUnderstood: true })
    expect(await isActive()).toBe(false)
    expect(await events()).toMatchObject([{ type: 'unsubscribed', matched: true }])
  })

  test('lets nobody leave for somebody else', async () => {
    const { mailshot, isActive } = await openBounces()

    const done = await recordBounce(mailshot, leavingOf('unsubscribe+abcdefgh@news.example.org'))

    expect(done).toMatchObject({ kind: 'unsubscribe', isUnderstood: false })
    expect(await isActive()).toBe(true)
  })

  test('leaves an away notice and a letter from a person alone', async () => {
    const { mailshot, sent, events } = await openBounces()
    const to = sent.envelope.from

    const away = await recordBounce(
      mailshot,
      mailOf(['Auto-Submitted: auto-replied', `To: ${to}`, 'Subject: Away'], 'Back on Monday.'),
    )
    const person = await recordBounce(mailshot, mailOf([`To: ${to}`, 'Subject: Hello'], 'Hello!'))

    expect(away).toMatchObject({ kind: 'autoreply', isUnderstood: true })
    expect(person).toMatchObject({ kind: 'none', isUnderstood: false })
    expect(await events()).toEqual([])
  })
})

function bounceOf(
  sent: Message,
  { to = sent.envelope.from, action = 'failed', returned = ['Subject: June'] } = {},
): Buffer {
  return mailOf(
    [
      'Return-Path: <>',
      'From: MAILER-DAEMON@mx.example.net',
      `To: ${to}`,
      'Subject: Undelivered Mail Returned to Sender',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    ],
    `--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; reader1@example.net
Action: ${action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

${returned.join('\n')}

--b--`,
  )
}

/** As the loops write it that hide who complained. */
function complaintOf(sent: Message): Buffer {
  return mailOf(
    [
      'From: feedback@loop.example',
      'To: bounces@news.example.org',
      'Subject: FW: June',
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
    ],
    `--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Loop/1
Version: 1

--b
Content-Type: message/rfc822

From: news@example.org
List-Unsubscribe: ${sent.headers['List-Unsubscribe'] ?? ''}
Subject: June

Hello
--b--`,
  )
}

function leavingOf(address: string): Buffer {
  return mailOf(
    ['Return-Path: <reader1@example.net>', `To: ${address}`, 'Subject: unsubscribe'],
    'Sent by a mail program.',
  )
}

function mailOf(headers: string[], body: string): Buffer {
  const from = headers.some((header) => header.startsWith('From:'))
  const all = [...headers, ...(from ? [] : ['From: reader1@example.net'])]
  return Buffer.from(`${all.join('\n')}\n\n${body}\n`)
}
