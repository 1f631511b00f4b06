import { z } from 'zod'
import type { Carried } from '../route/carried.ts'
import type { Send } from './read.ts'
import type { Waiting } from './waiting.ts'

/** What the command line and the API tell of a send. */
export type ShownSend = Omit<
  Send,
  'triggerKey' | 'pausedFrom' | 'freezeCursor' | 'freezeUntil' | 'emptiedAt'
> & {
  /** Why it waits, where that was asked. */
  waiting?: Waiting[] | undefined
  /** Which transports took its mails, where there are several and that was asked. */
  transports?: Carried[] | undefined
}

/** A send as programs read it, from the API and from `--json`: a promise, to which fields may be added. */
export type SendJson = z.input<typeof sendSchema>

const time = z.iso.datetime().transform((text) => Date.parse(text))
const count = z.int().min(0)

/** Reads a send out of its JSON, over whatever a newer mailshot has added. */
export const sendSchema = z
  .object({
    id: z.string(),
    slug: z.string(),
    contentHash: z.string(),
    snapshot: z.string(),
    commit: z.string().nullable(),
    lists: z.array(z.string()),
    segment: z.string().nullable(),
    exclude: z.array(z.string()),
    audience: z.enum(['first', 'again', 'all']),
    onlyTo: z.string().nullable(),
    status: z.enum(['scheduled', 'preparing', 'running', 'paused', 'done', 'cancelled']),
    reason: z.string().nullable(),
    createdAt: time,
    scheduledAt: time,
    localTime: z.string().nullable(),
    until: time.nullable(),
    startedAt: time.nullable(),
    frozenAt: time.nullable(),
    finishedAt: time.nullable(),
    purgedAt: time.nullable(),
    trashedAt: time.nullable(),
    total: count,
    remaining: z.int(),
    sent: count,
    failed: count,
    skipped: count,
    cancelled: count,
    uncertain: count,
    waiting: z.array(z.object({ reason: z.string(), until: time.nullable() })).optional(),
    transports: z.array(z.object({ name: z.string(), sent: count })).optional(),
  })
  .transform(({ commit, ...send }): ShownSend => ({ ...send, gitCommit: commit }))

/** The send as JSON. */
export function sendJson(send: ShownSend): SendJson {
  return {
    id: send.id,
    slug: send.slug,
    contentHash: send.contentHash,
    snapshot: send.snapshot,
    commit: send.gitCommit,
    lists: send.lists,
    segment: send.segment,
    exclude: send.exclude,
    audience: send.audience,
    onlyTo: send.onlyTo,
    status: send.status,
    reason: send.reason,
    createdAt: written(send.createdAt),
    scheduledAt: written(send.scheduledAt),
    localTime: send.localTime,
    until: send.until === null ? null : written(send.until),
    startedAt: send.startedAt === null ? null : written(send.startedAt),
    frozenAt: send.frozenAt === null ? null : written(send.frozenAt),
    finishedAt: send.finishedAt === null ? null : written(send.finishedAt),
    purgedAt: send.purgedAt === null ? null : written(send.purgedAt),
    trashedAt: send.trashedAt === null ? null : written(send.trashedAt),
    total: send.total,
    remaining: send.remaining,
    sent: send.sent,
    failed: send.failed,
    skipped: send.skipped,
    cancelled: send.cancelled,
    uncertain: send.uncertain,
    ...(send.waiting && { waiting: send.waiting.map(waitingJson) }),
    ...(send.transports && { transports: send.transports }),
  }
}

function waitingJson({ reason, until }: Waiting) {
  return { reason, until: until === null ? null : written(until) }
}

function written(ms: number): string {
  return new Date(ms).toISOString()
}
