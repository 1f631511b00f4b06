import { enqueue } from './event/queue.ts'
import type { Recorded } from './event/slice.ts'
import { isBatchStored } from './event/write.ts'
import type { Mailshot } from './mailshot.ts'
import type { DeliveryEvent } from './transport.ts'

export type { Recorded } from './event/slice.ts'

/**
 * Stores what was reported of mails, finds whose mails they were, and draws the consequences, in one write for each slice: once it
 * returns, all of it is on disk. Repeating it, in any order and in any parts, gives the same; so it may be called again after an error.
 *
 * @param transport who reports: the name of a transport, `generic`, `bounces`, …
 * @param options.batchId names what was given, the same when it is given again: then nothing is looked at
 */
export async function recordEvents(
  mailshot: Mailshot,
  transport: string,
  events: readonly DeliveryEvent[],
  { batchId }: { batchId?: string | undefined } = {},
): Promise<Recorded> {
  const batch = batchId === undefined ? undefined : `${transport}:${batchId}`
  if (batch !== undefined && (await isBatchStored(mailshot, batch))) {
    return { recorded: 0, repeated: events.length, unmatched: 0 }
  }
  return enqueue(mailshot, { transport, events, batch })
}
