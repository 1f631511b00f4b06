import { createHmac } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { sql } from 'drizzle-orm/sql'
import { clientAddress } from '../client-address.ts'
import { domainOf, parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Limit } from '../pace-limit.ts'
import { mailboxOf } from './mailbox.ts'
import { networkOf } from './network.ts'

/** A form that was sent: from where, and about which address. */
export interface Attempt {
  /** That one of our own forms came with: it says from where, as far as that is known for sure. */
  request?: Request
  /** In its place, the address of whoever sent a form that another program takes. */
  client?: string | undefined
  /** As they were written; none where the form has none. */
  emails?: readonly string[]
}

/** A window is counted in so many buckets. */
const buckets = 20

/**
 * Counts a form that was sent, in one write, and answers when it may be sent again where that was once too often (ms); undefined where
 * it may go on. It knows nothing of subscribers: whoever asks learns nothing of an address. What is refused is counted once and then
 * no more, so that nobody is locked out for longer by trying.
 */
export async function countAttempt(
  mailshot: Mailshot,
  attempt: Attempt,
): Promise<number | undefined> {
  const now = mailshot.now()
  const counted = countersOf(mailshot, attempt, now)
  if (counted.length === 0) return undefined
  const given = JSON.stringify(counted)
  const isOver = sql`(SELECT total(a.count) FROM attempts AS a
    WHERE a.key = g.value ->> 'key' AND a.free_at > ${now}) > g.value ->> 'most'`
  // What a write over a network answers is asked for after what it did.
  const [, rows = []] = await mailshot.db.write<{ key: string; freeAt: number; count: number }>(
    sql`INSERT INTO attempts (key, free_at, count)
        SELECT value ->> 'key', value ->> 'freeAt', 1 FROM json_each(${given})
        WHERE NOT EXISTS (SELECT 1 FROM json_each(${given}) AS g WHERE ${isOver})
        ON CONFLICT (key, free_at) DO UPDATE SET count = count + 1`,
    sql`SELECT a.key, a.free_at AS freeAt, a.count FROM json_each(${given}) AS g
        JOIN attempts AS a ON a.key = g.value ->> 'key' AND a.free_at > ${now}
        WHERE ${isOver} ORDER BY a.free_at`,
  )
  const times = counted.map(({ key, most }) =>
    freeAgainAt(
      rows.filter((row) => row.key === key),
      most,
    ),
  )
  const latest = Math.max(...times)
  return latest > now ? latest : undefined
}

interface Counter {
  key: string
  /** When an attempt of now counts no more. */
  freeAt: number
  most: number
}

/** What an attempt is counted under. A key tells neither address to anybody who has the database alone. */
function countersOf({ config }: Mailshot, attempt: Attempt, now: number): Counter[] {
  const hmac = (text: string) =>
    createHmac('sha256', config.secrets[0] ?? '')
      .update(`mailshot attempts\0${text}`)
      .digest()
      .toString('base64url', 0, 16)
  return Object.entries(subjectsOf(config, attempt)).flatMap(([name, { subjects, limits }]) =>
    subjects.flatMap((subject) =>
      limits.map(({ count, windowMs }) => {
        const size = windowMs / buckets
        return {
          key: hmac(`${name}\0${windowMs}\0${subject}`),
          freeAt: Math.ceil((Math.floor(now / size) + 1) * size + windowMs),
          most: count,
        }
      }),
    ),
  )
}

interface Counted {
  /** One that stands there twice counts twice. */
  subjects: string[]
  limits: Limit[]
}

function subjectsOf(
  config: Mailshot['config'],
  { request, client = request && clientAddress(config, request), emails = [] }: Attempt,
): Record<string, Counted> {
  const { limits } = config.abuse
  const clients = client === undefined ? [] : [client]
  const addresses = emails.flatMap((email) => parseEmailAddress(email)?.identity ?? [])
  return {
    client: {
      subjects: clients.map((one) => (isIPv6(one) ? networkOf(one, 64) : one)),
      limits: limits.client,
    },
    network: {
      subjects: clients.map((one) => networkOf(one, isIPv6(one) ? 48 : 24)),
      limits: limits.network,
    },
    address: { subjects: addresses.map(mailboxOf), limits: limits.address },
    domain: { subjects: addresses.map(domainOf), limits: limits.domain },
    // Those of other programs by themselves: a flood there closes none of our own forms.
    site: { subjects: [request ? '' : 'elsewhere'], limits: limits.site },
  }
}

/** When enough of what was counted is over for one more; 0 where there is room. */
function freeAgainAt(rows: readonly { freeAt: number; count: number }[], most: number): number {
  let left = rows.reduce((sum, { count }) => sum + count, 0)
  if (left <= most) return 0
  for (const { freeAt, count } of rows) {
    left -= count
    if (left < most) return freeAt
  }
  return 0
}

/** Forgets what counts no more, a thousand rows at a time. */
export async function purgeAttempts(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  const old = await mailshot.db.get(sql`SELECT 1 FROM attempts WHERE free_at <= ${now} LIMIT 1`)
  if (!old) return
  await mailshot.db.write(sql`DELETE FROM attempts WHERE rowid IN (
    SELECT rowid FROM attempts WHERE free_at <= ${now} LIMIT 1000)`)
}
