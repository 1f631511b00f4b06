import { expect } from 'vitest'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import type { TestSmtpServer } from './smtp-server.ts'

/**
 * Both sides' books agree: each address has one final state, and got one mail unless it is uncertain, or a worker that woke
 * after the send was done says that it never left. Answers how many are uncertain.
 */
export async function expectEachSettledOnce(
  mailshot: Mailshot,
  server: Pick<TestSmtpServer, 'messages'>,
  { sendId, total }: { sendId: string; total: number },
): Promise<number> {
  const send = await readSend(mailshot, sendId)
  expect(send).toMatchObject({ status: 'done', total, skipped: 0, cancelled: 0 })
  const rows = await listRecipients(mailshot, { sendId })
  const mails = new Map<string, number>()
  for (const mail of server.messages.filter(isCampaign)) {
    const [to = ''] = mail.envelope.to
    mails.set(to.toLowerCase(), (mails.get(to.toLowerCase()) ?? 0) + 1)
  }
  const states = rows.map(({ email, status, reason }) => {
    const hasNotLeft = status === 'failed' && /silent for longer than its lease/.test(reason ?? '')
    return { email, status: hasNotLeft ? 'not-left' : status, mails: mails.get(email) ?? 0 }
  })
  expect(new Set(states.map(({ email }) => email)).size).toBe(total)
  expect(states.filter(({ mails: count }) => count > 1)).toEqual([])
  expect(states.filter(({ status, mails: count }) => status === 'sent' && count !== 1)).toEqual([])
  expect(states.filter(({ status, mails: count }) => status === 'not-left' && count > 0)).toEqual(
    [],
  )
  const final = ['sent', 'uncertain', 'not-left']
  expect(states.filter(({ status }) => !final.includes(status))).toEqual([])
  return send.uncertain
}

/** Not one of the operator's letters. */
export function isCampaign(mail: TestSmtpServer['messages'][number]): boolean {
  return mail.header('Precedence') === 'bulk'
}
