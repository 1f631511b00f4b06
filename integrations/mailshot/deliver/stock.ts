import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from '../compile.ts'
import type { Mailshot } from '../mailshot.ts'
import { type ClaimedRecipient, claimRecipients } from '../recipient.ts'
import { readSnapshot } from '../send/media.ts'
import { type Send, sendsIn } from '../send/read.ts'

/** What a worker has claimed and not yet in hand, taken in turn from the sends that run. */
export interface Stock {
  readonly claimed: ClaimedRecipient[]
  /** Claims more where less than one full hand is left. */
  fill(workerId: string, capacity: number): Promise<void>
  remove(recipients: ClaimedRecipient[]): void
  clear(): void
  /** Looks at the open sends again. Idle is when nothing could be sent now or after a recipient's delay. */
  refresh(): Promise<{ isIdle: boolean; sends: Send[] }>
  snapshotOf(sendId: string): Promise<CompiledCampaign>
}

export function openStock(mailshot: Mailshot): Stock {
  let claimed: ClaimedRecipient[] = []
  let running: Send[] = []
  const snapshots = openSnapshots(mailshot)

  return {
    get claimed() {
      return claimed
    },
    fill: async (workerId, capacity) => {
      if (claimed.length >= capacity) return
      const limit = Math.min(500, Math.max(200, capacity * 2))
      const withMore: Send[] = []
      for (const send of running) {
        snapshots.note(send)
        const taken = await claimRecipients(mailshot, { sendId: send.id, workerId, limit })
        claimed.push(...taken)
        if (taken.length > 0) withMore.push(send)
      }
      // One with nothing left is asked again after the next look.
      running = withMore
    },
    remove: (recipients) => {
      const gone = new Set(recipients)
      claimed = claimed.filter((recipient) => !gone.has(recipient))
    },
    clear: () => (claimed = []),
    refresh: async () => {
      const sends = await sendsIn(mailshot, ['scheduled', 'preparing', 'running'])
      running = sends.filter((send) => send.status === 'running')
      const open = new Set(running.map((send) => send.id))
      claimed = claimed.filter((recipient) => open.has(recipient.sendId))
      const isOpen = (send: Send) =>
        send.status !== 'scheduled' || send.scheduledAt <= mailshot.now()
      return { isIdle: !sends.some(isOpen) && !(await hasDueLetters(mailshot)), sends }
    },
    snapshotOf: snapshots.of,
  }
}

/** One parsed copy a send, which the composer's own caches hang on. */
function openSnapshots(mailshot: Mailshot) {
  const snapshots = new Map<string, Promise<CompiledCampaign>>()
  const hashes = new Map<string, string>()
  return {
    note: ({ id, snapshot }: Send) => void hashes.set(id, snapshot),
    of: async (sendId: string): Promise<CompiledCampaign> => {
      const known = snapshots.get(sendId)
      if (known) return known
      const reading = readSnapshot(mailshot, hashes.get(sendId) ?? '')
      snapshots.set(sendId, reading)
      return reading
    },
  }
}

async function hasDueLetters(mailshot: Mailshot): Promise<boolean> {
  const row = await mailshot.db.get(
    sql`SELECT 1 FROM letters WHERE status = 'pending' AND due_at <= ${mailshot.now()} LIMIT 1`,
  )
  return row !== undefined
}
