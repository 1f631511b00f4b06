import { sql } from 'drizzle-orm/sql'
import { z } from 'zod'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { countOutcomes, type OutcomeCount } from './outcomes.ts'
import { readSend, type Send } from './read.ts'

const count = z.int()
const time = z.iso.datetime().nullable()
/** In per cent of the mails sent, to a hundredth; null where none was. */
const rate = z.number().nullable()

/**
 * Opens or clicks. `count`: how often, by people as far as one can tell. `machine`: how often by prefetching, proxies and scanners.
 * `people`: how many persons of those who agreed to be counted by name; nobody can say how many others there were.
 */
const reading = z.object({ count, machine: count, people: count })

const counts = z.object({
  bounced: count,
  opened: count,
  clicked: count,
  unsubscribed: count,
  complained: count,
})

/** What came of a send, for programs: a promise, to which fields may be added. It is kept when the details are purged. */
export const statisticsSchema = z.object({
  send: z.string(),
  campaign: z.string(),
  status: z.string(),
  startedAt: time,
  finishedAt: time,
  /** Since when nothing but these statistics is left. */
  purgedAt: time,
  /** What became of the recipients at the hand-over. */
  recipients: z.object({
    total: count,
    sent: count,
    failed: count,
    skipped: count,
    cancelled: count,
    uncertain: count,
  }),
  /** `reported`: the receiving server's acceptance was reported. `count`: sent, and neither rejected nor come back. */
  delivered: z.object({ count, reported: count }),
  bounced: z.object({ count, hard: count, soft: count }),
  /** Taken at the hand-over, and not passed on after all; at the hand-over itself they are `failed`. */
  rejected: count,
  opened: reading,
  clicked: reading,
  /** People who left by a link of the mail, or whose mail service reported it. */
  unsubscribed: count,
  complained: count,
  /** What those who left by the page chose for a reason, the most frequent first; nobody has to say one. */
  reasons: z.array(z.object({ reason: z.string(), people: count })),
  rates: z.object({ delivered: rate, bounced: rate, unsubscribed: rate, complained: rate }),
  /** The links that people followed, the most followed first. */
  links: z.array(z.object({ url: z.string(), clicks: count })),
  /**
   * By recipient domain, the largest first, `delivered` and `reported` as of the whole; opens and clicks of those alone who are counted
   * by name.
   */
  domains: z.array(
    counts.extend({
      domain: z.string(),
      sent: count,
      failed: count,
      rejected: count,
      delivered: count,
      reported: count,
    }),
  ),
  /**
   * By the hour for three days, the first included, then by the day (UTC); spans in which nothing happened are left out. `sent`: handed over then;
   * `reported`: that it was delivered was reported as of then.
   */
  time: z.array(
    counts.extend({
      from: z.iso.datetime(),
      hours: count,
      sent: count,
      reported: count,
      openedByMachine: count,
      clickedByMachine: count,
    }),
  ),
})
export type Statistics = z.output<typeof statisticsSchema>

/** @throws MailshotError when there is no such send, or it was in the trash when that was emptied */
export async function readStatistics(mailshot: Mailshot, idOrSlug: string): Promise<Statistics> {
  const send = await readSend(mailshot, idOrSlug)
  if (send.emptiedAt !== null) {
    throw new MailshotError(
      `send ${send.id} of ${send.slug} was in the trash, which was emptied; nothing is left of it but that it was sent`,
      { code: 'no-send' },
    )
  }
  const left = await countOutcomes(mailshot, send.id)
  const rows = await mailshot.db.all<Row>(
    sql`SELECT kind, key, n FROM send_counts WHERE send_id = ${send.id} AND n <> 0`,
  )
  return statisticsOf(send, [...rows, ...left.flatMap(rowsOf)])
}

/** Recipients that are kept, as the counters have those that are gone. */
function rowsOf({ domain, status, hour, n }: OutcomeCount): Row[] {
  const byDomain = { kind: 'gone', key: `${domain} ${status}`, n }
  if (status !== 'sent' || hour === null) return [byDomain]
  return [byDomain, { kind: 'gone-hour', key: `${hour} sent`, n }]
}

interface Row {
  kind: string
  key: string
  n: number
}

function reasonsOf(rows: readonly Row[]): Statistics['reasons'] {
  return rows
    .filter(({ kind }) => kind === 'left')
    .map(({ key: reason, n: people }) => ({ reason, people }))
    .toSorted((a, b) => b.people - a.people || (a.reason < b.reason ? -1 : 1))
}

/** The statistics that a send's own counters and those of its events make. */
function statisticsOf(send: Send, rows: readonly Row[]): Statistics {
  const { total, sent, failed, skipped, cancelled, uncertain } = send
  const n = (kind: string, ...keys: string[]) =>
    rows.reduce((sum, row) => sum + (row.kind === kind && keys.includes(row.key) ? row.n : 0), 0)
  const readingOf = (type: 'opened' | 'clicked') => ({
    count: n('events', type),
    machine: n('events', `${type}:machine`),
    people: n('people', type),
  })
  const hard = n('delivery', 'bounced:hard')
  const bounced = hard + n('delivery', 'bounced:soft', 'bounced')
  const [unsubscribed, complained] = [n('people', 'unsubscribed'), n('people', 'complained')]
  const rejected = n('delivery', 'rejected:hard', 'rejected:soft')
  const delivered = Math.max(0, sent - bounced - rejected)
  const share = (part: number) => (sent > 0 ? Math.round((part * 10_000) / sent) / 100 : null)
  return {
    send: send.id,
    campaign: send.slug,
    status: send.status,
    startedAt: written(send.startedAt),
    finishedAt: written(send.finishedAt),
    purgedAt: written(send.purgedAt),
    recipients: { total, sent, failed, skipped, cancelled, uncertain },
    delivered: { count: delivered, reported: n('delivery', 'delivered') },
    bounced: { count: bounced, hard, soft: bounced - hard },
    rejected,
    opened: readingOf('opened'),
    clicked: readingOf('clicked'),
    unsubscribed,
    complained,
    reasons: reasonsOf(rows),
    rates: {
      delivered: share(delivered),
      bounced: share(bounced),
      unsubscribed: share(unsubscribed),
      complained: share(complained),
    },
    links: linksOf(rows),
    domains: domainsOf(rows),
    time: timeOf(rows, send.startedAt),
  }
}

function written(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function linksOf(rows: readonly Row[]): Statistics['links'] {
  return rows
    .flatMap(({ kind, key, n }) => (kind === 'link' ? [{ url: key, clicks: n }] : []))
    .toSorted((a, b) => b.clicks - a.clicks || (a.url < b.url ? -1 : 1))
}

/** All that is counted at a place or in a span. */
const none = {
  sent: 0,
  failed: 0,
  rejected: 0,
  reported: 0,
  bounced: 0,
  opened: 0,
  openedByMachine: 0,
  clicked: 0,
  clickedByMachine: 0,
  unsubscribed: 0,
  complained: 0,
}
type Counted = typeof none

/** Where a counter goes, by the end of its key. How lasting a refusal is, is not told apart. */
const fields: Readonly<Record<string, keyof Counted>> = {
  sent: 'sent',
  failed: 'failed',
  'rejected:hard': 'rejected',
  'rejected:soft': 'rejected',
  delivered: 'reported',
  bounced: 'bounced',
  'bounced:hard': 'bounced',
  'bounced:soft': 'bounced',
  opened: 'opened',
  'opened:machine': 'openedByMachine',
  clicked: 'clicked',
  'clicked:machine': 'clickedByMachine',
  unsubscribed: 'unsubscribed',
  complained: 'complained',
}

/** Adds counters up by the beginning of their keys: a domain, an hour. */
function addUp(rows: readonly Row[], placeOf: (start: string) => string): Map<string, Counted> {
  const places = new Map<string, Counted>()
  for (const { key, n } of rows) {
    const [start = '', state = ''] = key.split(' ')
    const field = fields[state]
    if (!field) continue
    const place = placeOf(start)
    const known = places.get(place) ?? { ...none }
    known[field] += n
    places.set(place, known)
  }
  return places
}

function domainsOf(rows: readonly Row[]): Statistics['domains'] {
  // What `domain` has of hand-overs serves the guard, and is no account.
  const about = rows.filter(
    ({ kind, key }) => kind === 'gone' || (kind === 'domain' && !/ (?:sent|failed)$/.test(key)),
  )
  return [...addUp(about, (domain) => domain)]
    .map(([domain, { openedByMachine: _opened, clickedByMachine: _clicked, ...known }]) => ({
      domain,
      ...known,
      delivered: Math.max(0, known.sent - known.bounced - known.rejected),
    }))
    .toSorted((a, b) => b.sent + b.failed - a.sent - a.failed || (a.domain < b.domain ? -1 : 1))
}

const dayMs = 24 * 3_600_000

function timeOf(rows: readonly Row[], startedAt: number | null): Statistics['time'] {
  const dayOf = (at: number) => Math.floor(at / dayMs) * dayMs
  const end = dayOf(startedAt ?? Infinity) + 3 * dayMs
  const spanOf = (hour: string) => {
    const at = Date.parse(`${hour}:00:00Z`)
    return new Date(at < end ? at : dayOf(at)).toISOString()
  }
  const about = rows.filter(({ kind }) => kind === 'hour' || kind === 'gone-hour')
  return [...addUp(about, spanOf)]
    .map(([from, { failed: _failed, rejected: _rejected, ...known }]) => ({
      from,
      hours: Date.parse(from) < end ? 1 : 24,
      ...known,
    }))
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
}
