import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startMailbox } from '../../integrations/mailshot/bounce/mailbox.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listEvents } from '../../integrations/mailshot/event/list.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { listSuppressions } from '../../integrations/mailshot/suppression.ts'
import { smtp } from '../../integrations/mailshot/transports/smtp.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { testCa } from '../smtp-server.ts'
import { startFixture } from '../start-fixture.ts'
import { startDovecot, whyNoDovecot } from './dovecot.ts'
import { startPostfix, whyNoPostfix } from './postfix.ts'

const why = whyNoDovecot() ?? whyNoPostfix()

test.skipIf(why)(
  `a send to people who do not exist comes back by a real mail server and mailbox, and suppresses them${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    const imap = await startDovecot()
    const mta = await startPostfix(imap.maildir)
    const mailshot = await openTestMailshot({
      transport: smtp({ host: '127.0.0.1', port: mta.port, tls: 'none' }),
      bounces: {
        address: 'bounces@news.example.org',
        imap: {
          host: 'localhost',
          port: imap.port,
          ca: testCa,
          user: imap.user,
          password: imap.password,
        },
      },
    })
    await addReaders(mailshot, 3, { domain: 'readers.example' })
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })

    await readUntil(mailshot, async () => {
      const suppressed = await listSuppressions(mailshot, { after: '', limit: 10 })
      return suppressed.length === 3
    })

    const events = await listEvents(mailshot, { sendId: send.id })
    expect(events).toHaveLength(3)
    expect(events[0]).toMatchObject({
      type: 'bounced',
      class: 'hard',
      status: '5.1.1',
      recipient: expect.stringMatching(/^reader\d@readers\.example$/),
      messageId: expect.stringContaining(send.id),
      matched: true,
    })
    const recipients = await listRecipients(mailshot, { sendId: send.id })
    expect(recipients.map(({ status }) => status)).toEqual(['sent', 'sent', 'sent'])
  },
)

async function readUntil(mailshot: Mailshot, is: () => Promise<boolean>): Promise<void> {
  const options = mailshot.config.bounces?.imap
  if (!options) throw new Error('no mailbox')
  const sleep = (ms: number, signal?: AbortSignal) =>
    wait(ms, undefined, signal ? { signal } : {}).catch(() => {})
  const reader = startMailbox({ ...mailshot, sleep }, options)
  onTestFinished(() => reader.stop())
  while (!(await is())) await wait(50)
  await reader.stop()
}
