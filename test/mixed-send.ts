import { deliver } from '../integrations/mailshot/deliver.ts'
import { listRecipients, type RecipientRow } from '../integrations/mailshot/recipient.ts'
import { readSend, type Send } from '../integrations/mailshot/send.ts'
import type { Outcome } from '../integrations/mailshot/transport.ts'
import { memory, type MemoryTransport } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startFixture } from './start-fixture.ts'

/** The address of `reader<n>`, as recipients have it. */
export function reader(number: number): string {
  return `reader${number}@example.net`
}

/** What the mail server answers to a reader: the mailbox, not the address, is what it refuses. */
export const refusal = '550 5.2.1 mailbox disabled'

/**
 * A send of `hello` that is done: reader 1 has got it, 2 was refused, 3 is uncertain, 4 has got it.
 *
 * @param options.at when; by default by the clock of the tests
 */
export async function mixedSend({ at }: { at?: number } = {}): Promise<{
  mailshot: TestMailshot
  transport: MemoryTransport
  send: Send
}> {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  if (at !== undefined) mailshot.clock.set(at)
  await addReaders(mailshot, 4)
  const { send } = await startFixture(mailshot, 'hello')
  const answers = new Map<string, Outcome>([
    [reader(2), { status: 'rejected', class: 'hard', enhanced: '5.2.1', reason: refusal }],
    [reader(3), { status: 'uncertain', reason: 'the connection broke' }],
  ])
  transport.failWhen(({ envelope }) => answers.get(envelope.to.toLowerCase()))
  await deliver(mailshot, { untilDone: true })
  transport.clear()
  mailshot.clock.advance(60_000)
  return { mailshot, transport, send: await readSend(mailshot, send.id) }
}

/** To whom the campaign was handed over since the transport was cleared, in order of their numbers. */
export function mailedReaders(transport: MemoryTransport): string[] {
  return transport.handedOver
    .filter(({ campaign }) => campaign !== undefined)
    .map(({ envelope }) => envelope.to.toLowerCase())
    .toSorted()
}

/** A recipient of the send as it is now. */
export async function recipientOf(
  mailshot: TestMailshot,
  send: Send,
  email: string,
): Promise<RecipientRow | undefined> {
  const [row] = await listRecipients(mailshot, { sendId: send.id, email })
  return row
}
