import { sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import type { ImageWatch } from '../send/media.ts'
import { unsyncedStatement } from './alarm.ts'
import { type Synced, syncList } from './sync.ts'

/** Keeps automatic lists in line with their functions, beside the worker's loop. */
export interface ListWatch {
  /** Whether the lists of a send have just been synchronised; starts what is missing. */
  look: ImageWatch
  /** Starts what is due by its own hours; called often, it looks once a minute. */
  tend(): Promise<void>
}

export interface ListWatchOptions {
  /** Called when a list is done, or has failed. */
  onEnd: () => void
  /** Takes the work that goes on beside. */
  keep: (work: Promise<void>) => void
  signal: AbortSignal
}

const lookEveryMs = 60_000
/** What a send may start on. */
const freshMs = 5 * 60_000
/** A function that failed is asked again after so long. */
const retryMs = 15 * 60_000
const retryForSendMs = 60_000
const hourMs = 3_600_000

export function openListWatch(
  mailshot: Mailshot,
  { onEnd, keep, signal }: ListWatchOptions,
): ListWatch {
  const { config } = mailshot
  const underWay = new Set<string>()
  const last = new Map<string, { at: number; result: Synced }>()
  let lookedAt = -Infinity
  const start = (list: string) => {
    if (underWay.has(list) || signal.aborted) return
    underWay.add(list)
    keep(
      run(mailshot, list, signal).then((result) => {
        underWay.delete(list)
        last.set(list, { at: mailshot.now(), result })
        onEnd()
      }),
    )
  }
  return {
    look(send) {
      if (send.onlyTo !== null) return 'ready'
      for (const list of automatic(config, send.lists)) {
        const found = last.get(list)
        const age = found ? mailshot.now() - found.at : Infinity
        if (found?.result.status === 'done' && age < freshMs) continue
        if (found && found.result.status !== 'done' && age < retryForSendMs) {
          return { missing: notInLine(found.result) }
        }
        start(list)
        return found && found.result.status !== 'done'
          ? { missing: notInLine(found.result) }
          : 'looking'
      }
      return 'ready'
    },
    async tend() {
      const lists = automatic(config, Object.keys(config.lists))
      if (lists.length === 0 || mailshot.now() - lookedAt < lookEveryMs) return
      lookedAt = mailshot.now()
      for (const list of lists) if (await isDue(mailshot, list)) start(list)
    },
  }
}

function automatic({ lists }: MailshotConfig, ids: readonly string[]): string[] {
  return ids.filter((id) => Object.hasOwn(lists, id) && lists[id]?.members !== undefined)
}

/** Takes its turn, so that of several processes one asks. */
async function isDue({ config, db, now }: Mailshot, list: string): Promise<boolean> {
  const hours = config.lists[list]?.syncHours ?? 0
  const [rows] = await db.write(
    sql`UPDATE lists SET tried_at = ${now()}
        WHERE id = ${list} AND ifnull(synced_at, 0) <= ${now() - hours * hourMs}
          AND ifnull(tried_at, 0) <= ${now() - Math.min(retryMs, hours * hourMs)}
        RETURNING id`,
  )
  return rows?.length === 1
}

/** A failure may pass by itself, so the operator is told of the second; what is held waits for them. */
async function run(mailshot: Mailshot, list: string, signal: AbortSignal): Promise<Synced> {
  const { db, log } = mailshot
  const before = await db.get<{ fault: string | null }>(
    sql`SELECT sync_fault AS fault FROM lists WHERE id = ${list}`,
  )
  const result = await syncList(mailshot, list, { actor: 'mailshot', signal })
  if (result.status === 'done' || signal.aborted) return result
  log.error({ list, reason: result.reason }, 'an automatic list was not synchronised')
  if (result.status === 'held' || before?.fault != null) {
    await db.write(unsyncedStatement(mailshot, list, result.reason))
  }
  return result
}

function notInLine(result: Synced): string {
  const reason = result.status === 'done' ? '' : result.reason
  return (
    `its list ${result.list} could not be synchronised: ${reason}; it starts once that works, ` +
    'or with the people it has once "members" is taken out of mailshot.config.ts'
  )
}
