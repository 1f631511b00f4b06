import { deliver } from '../../integrations/mailshot/deliver.ts'
import { type ShownEvent, listEvents } from '../../integrations/mailshot/event/list.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { findSuppression, type Suppression } from '../../integrations/mailshot/suppression.ts'
import { parseEmailAddress } from '../../integrations/mailshot/email-address.ts'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

export interface TestBounces {
  mailshot: TestMailshot
  /** The mail of `reader1@example.net`. */
  sent: Message
  events: () => Promise<ShownEvent[]>
  suppressed: () => Promise<Suppression | undefined>
  /** Whether that reader is still on a list. */
  isActive: () => Promise<boolean>
}

/** A site that reads its bounces, and has mailed one reader. */
export async function openBounces(
  overrides: Partial<MailshotConfigInput> = {},
): Promise<TestBounces> {
  const transport = memory()
  const mailshot = await openTestMailshot({
    bounces: { address: 'bounces@news.example.org' },
    transport,
    ...overrides,
  })
  await addReaders(mailshot, 1)
  await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  const [sent] = transport.sentTo('reader1@example.net')
  const reader = parseEmailAddress('reader1@example.net')?.identity
  if (!sent || !reader) throw new Error('nothing was sent')
  return {
    mailshot,
    sent,
    events: () => listEvents(mailshot, {}),
    suppressed: () => findSuppression(mailshot, reader),
    isActive: async () => {
      const subscriber = await findSubscriber(mailshot, reader)
      return subscriber?.subscriptions.some(({ status }) => status === 'active') ?? false
    },
  }
}
