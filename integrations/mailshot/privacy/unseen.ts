import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { monthsBefore } from '../purge.ts'

/** Somebody who was mailed and of whom nothing was seen since. */
export interface UnseenReader {
  id: number
  /** As written. */
  email: string
  lists: string[]
  /** How many mails they got in that time whose opens or clicks are counted. */
  mails: number
  lastMailAt: number
}

/** What can be told of readers, and what cannot. */
export interface Unseen {
  readers: UnseenReader[]
  /** On these lists for as long as that, and counted by name all the time. */
  judged: number
  /** On these lists for as long, of whom nobody can say whether they open or click: they have not agreed to be counted by name. */
  unknown: number
}

/**
 * Finds the active readers of lists (of any, when none is named) whom nothing was seen of for so many months: no open, no click, no
 * sign-up, no confirmation, no change of theirs, though they were mailed in that time by sends that count opens or clicks. Only of those
 * who agreed to be counted by name, all that time, can that be told at all.
 */
export async function findUnseen(
  mailshot: Mailshot,
  { months, lists }: { months: number; lists?: readonly string[] | undefined },
): Promise<Unseen> {
  const since = monthsBefore(mailshot.now(), months)
  const found: Unseen = { readers: [], judged: 0, unknown: 0 }
  const sends = await countingSends(mailshot, since)
  for (let after = 0; ;) {
    const page = await readPage(mailshot, { after, since, lists, sends })
    for (const { counted, isSeen, mails, lastMailAt, lists: on, id, email } of page) {
      if (counted === 1) found.judged += 1
      else found.unknown += 1
      if (counted === 0 || isSeen === 1 || lastMailAt === null) continue
      found.readers.push({ id, email, mails, lastMailAt, lists: JSON.parse(on) })
    }
    after = page.at(-1)?.id ?? Infinity
    if (page.length < pageSize) return found
    await setImmediate()
  }
}

const pageSize = 500

interface Row {
  id: number
  email: string
  lists: string
  counted: number
  isSeen: number
  mails: number
  lastMailAt: number | null
}

interface Page {
  after: number
  since: number
  lists: readonly string[] | undefined
  sends: string
}

/** Those who are on the lists since before then. */
function readPage({ db }: Mailshot, { after, since, lists, sends }: Page): Promise<Row[]> {
  const isNamed = lists
    ? sql`AND p.list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))`
    : sql``
  const places = sql`subscriptions AS p WHERE p.subscriber_id = s.id AND p.status = 'active' ${isNamed}`
  const mails = sql`recipients AS r WHERE r.email = s.email AND r.status = 'sent' AND r.in_hand_at >= ${since}
    AND r.send_id IN (SELECT value FROM json_each(${sends}))`
  return db.all<Row>(sql`
    SELECT s.id, s.written AS email, (SELECT json_group_array(p.list_id) FROM ${places}) AS lists,
      ifnull(s.tracking_agreed_at < ${since}, 0) AS counted, ${wasSeen(since)} AS isSeen,
      (SELECT count(*) FROM ${mails}) AS mails, (SELECT max(r.in_hand_at) FROM ${mails}) AS lastMailAt
    FROM subscribers AS s
    WHERE s.id > ${after} AND s.created_at < ${since} AND EXISTS (SELECT 1 FROM ${places})
      AND NOT EXISTS (SELECT 1 FROM suppressions WHERE email = s.email)
    ORDER BY s.id LIMIT ${pageSize}`)
}

/** Whether something of the person `s` was seen since: a machine that opens a mail is nobody. */
function wasSeen(since: number): SQL {
  return sql`(s.updated_at >= ${since}
    OR EXISTS (SELECT 1 FROM events AS e WHERE e.email = s.email AND e.type IN ('opened', 'clicked')
      AND NOT e.is_machine AND max(e.at, e.received_at) >= ${since})
    OR EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = s.id AND max(c.at, ifnull(c.confirmed_at, 0)) >= ${since})
    OR EXISTS (SELECT 1 FROM audit AS a WHERE a.subject = 'subscriber:' || s.id AND a.actor = 'subscriber' AND a.at >= ${since}))`
}

/** The sends since then in which opens or clicks are counted. */
async function countingSends({ db }: Mailshot, since: number): Promise<string> {
  const rows = await db.all<{ id: string }>(sql`
    SELECT s.id FROM sends AS s JOIN snapshots AS x ON x.hash = s.snapshot
    WHERE ifnull(s.finished_at, s.created_at) >= ${since}
      AND (x.compiled ->> '$.track.opens' OR x.compiled ->> '$.track.clicks')`)
  return JSON.stringify(rows.map(({ id }) => id))
}
