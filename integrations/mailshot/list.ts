import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import { localeOf } from './campaign/language-tag.ts'
import { localize, type MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import type { Mailshot } from './mailshot.ts'
import { directionOf } from './texts.ts'
import { keptApart } from './texts/fill.ts'

/**
 * Brings the table of lists in line with the config: new ones are added, those that vanished are closed and keep their
 * people, and a list that names its former id takes that one's people over, and the sends to it that have not started, once no send under
 * way refers to it. Doing it again changes nothing.
 *
 * @throws MailshotError when a former id is still a list, or is named by two lists
 */
export async function mirrorLists(mailshot: Mailshot): Promise<void> {
  const moves = await renameStatements(mailshot)
  const ids = JSON.stringify(Object.keys(mailshot.config.lists))
  const isGone = sql`status = 'open' AND id NOT IN (SELECT value FROM json_each(${ids}))`
  const isBack = sql`status = 'closed' AND id IN (SELECT value FROM json_each(${ids}))`
  await mailshot.db.write(
    noteStatement(mailshot, 'reopen', isBack),
    changedStatement(mailshot),
    openStatement(mailshot),
    noteStatement(mailshot, 'close', isGone),
    sql`UPDATE lists SET status = 'closed' WHERE ${isGone}`,
    ...moves,
  )
}

/** Renames the lists that a send under way has kept from it until now. */
export async function finishRenames(mailshot: Mailshot): Promise<void> {
  const former = renamesOf(mailshot.config).map(({ from }) => from)
  if (former.length === 0) return
  const waiting = await mailshot.db.get(
    sql`SELECT 1 FROM lists WHERE id IN (SELECT value FROM json_each(${JSON.stringify(former)})) AND became IS NULL`,
  )
  const moves = waiting ? await renameStatements(mailshot) : []
  if (moves.length > 0) await mailshot.db.write(...moves)
}

/** A line for each list that the config brings back, or no longer has. */
function noteStatement(mailshot: Mailshot, action: 'reopen' | 'close', which: SQL): SQL {
  return sql`INSERT INTO audit (at, actor, action, subject, detail)
    SELECT ${mailshot.now()}, 'config', ${action}, 'list:' || id, '{}' FROM lists WHERE ${which}`
}

/** A line for each list that is called otherwise by now, or was public and is not, or the other way round. */
function changedStatement(mailshot: Mailshot): SQL {
  return sql`INSERT INTO audit (at, actor, action, subject, detail)
    SELECT ${mailshot.now()}, 'config', 'change', 'list:' || l.id,
      json_object('title', value -> 'title', 'public', json(iif(value ->> 'public', 'true', 'false')))
    FROM ${givenLists(mailshot)} JOIN lists AS l ON l.id = value ->> 'id'
    WHERE l.title <> value -> 'title' OR l.public <> value ->> 'public'`
}

export interface ListSummary {
  id: string
  status: 'open' | 'closed'
  title: string | Record<string, string>
  public: boolean
  /** The name that the operator gave it, never shown to readers. */
  privateTitle: string | null
  /** Whether a function of the config says who is on it; since when it is in line with that, and why not. */
  automatic: boolean
  syncedAt: number | null
  syncFault: string | null
  /** Who gets its campaigns. */
  active: number
  /** Active too, but their address gets nothing. */
  suppressed: number
  pending: number
  unsubscribed: number
}

/** Every list with its people counted: the open ones in the config's order, then the closed ones. */
export async function listSummary(mailshot: Mailshot): Promise<ListSummary[]> {
  const rows = await mailshot.db.all<SummaryRow>(sql`
    SELECT l.id, l.status, l.title, l.public, l.synced_at AS syncedAt, l.sync_fault AS syncFault,
      count(*) FILTER (WHERE s.status = 'active' AND x.email IS NULL) AS active,
      count(*) FILTER (WHERE s.status = 'active' AND x.email IS NOT NULL) AS suppressed,
      count(*) FILTER (WHERE s.status = 'pending') AS pending,
      count(*) FILTER (WHERE s.status = 'unsubscribed') AS unsubscribed
    FROM lists l
    LEFT JOIN subscriptions s ON s.list_id = l.id
    LEFT JOIN subscribers p ON p.id = s.subscriber_id
    LEFT JOIN suppressions x ON x.email = p.email
    GROUP BY l.id ORDER BY l.id`)
  const order = Object.keys(mailshot.config.lists)
  const place = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length)
  return rows
    .map((row) => summaryOf(mailshot.config, row))
    .toSorted((a, b) => place(a.id) - place(b.id))
}

function summaryOf({ lists }: MailshotConfig, row: SummaryRow): ListSummary {
  const list = Object.hasOwn(lists, row.id) ? lists[row.id] : undefined
  return {
    ...row,
    title: JSON.parse(row.title),
    public: row.public === 1,
    privateTitle: list?.privateTitle ?? null,
    automatic: list?.members !== undefined,
  }
}

/** The lists that have gone from the settings, whose people are still on them. */
export async function closedLists({ db }: Pick<Mailshot, 'db'>): Promise<string[]> {
  const rows = await db.all<{ id: string }>(sql`SELECT id FROM lists WHERE status = 'closed'`)
  return rows.map(({ id }) => id)
}

/** How many people a campaign to these lists would reach: each counted once, nobody suppressed. */
export async function audienceOf(mailshot: Mailshot, lists: string[]): Promise<number> {
  const row = await mailshot.db.get<{ people: number }>(sql`
    SELECT count(DISTINCT s.subscriber_id) AS people
    FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
    WHERE s.status = 'active' AND s.list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))
      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email = p.email)`)
  return row?.people ?? 0
}

/** The titles of lists for readers of a language, as one phrase: `Hebdo et Produits`. */
export function titlesOf(
  config: MailshotConfig,
  lists: readonly Pick<ListSummary, 'title'>[],
  lang: string,
): string {
  const dir = directionOf(lang)
  const titles = lists.map(({ title }) => keptApart(localize(title, lang, config.lang), dir))
  return new Intl.ListFormat(localeOf(lang), { type: 'conjunction' }).format(titles)
}

/** A send under way checks its recipients' subscriptions by the list's id, so their people stay until it has ended. */
async function renameStatements(mailshot: Mailshot): Promise<SQL[]> {
  const renames = renamesOf(mailshot.config)
  if (renames.length === 0) return []
  const rows = await mailshot.db.all<{ id: string }>(
    sql`SELECT DISTINCT l.value AS id FROM sends, json_each(sends.lists) AS l
        WHERE ${isUnderWay}`,
  )
  const inUse = new Set(rows.map(({ id }) => id))
  const due = renames.filter(({ from }) => !inUse.has(from))
  return due.flatMap((rename) => moveStatements(mailshot, rename))
}

const isUnderWay = sql`sends.started_at IS NOT NULL AND sends.status NOT IN ('done', 'cancelled')`

interface Rename {
  from: string
  to: string
}

function renamesOf(config: MailshotConfig): Rename[] {
  const renames: Rename[] = []
  for (const [to, { formerly: from }] of Object.entries(config.lists)) {
    if (from === undefined) continue
    if (Object.hasOwn(config.lists, from)) {
      throw new MailshotError(
        `mailshot.config.ts: lists.${to}.formerly names "${from}", which is still a list; ` +
          `remove "${from}", or the formerly`,
      )
    }
    if (renames.some((rename) => rename.from === from)) {
      throw new MailshotError(
        `mailshot.config.ts: lists.${to}.formerly names "${from}", whose people another list takes over already; ` +
          'keep one of the two',
      )
    }
    renames.push({ from, to })
  }
  return renames
}

function openStatement(mailshot: Mailshot): SQL {
  return sql`
    INSERT INTO lists (id, status, title, public, created_at)
    SELECT value ->> 'id', 'open', value -> 'title', value ->> 'public', ${mailshot.now()}
    FROM ${givenLists(mailshot)} WHERE true
    ON CONFLICT (id) DO UPDATE
      SET status = 'open', title = excluded.title, public = excluded.public, became = NULL
      WHERE status <> 'open' OR title <> excluded.title OR public <> excluded.public`
}

function givenLists({ config }: Mailshot): SQL {
  const lists = Object.entries(config.lists)
  return sql`json_each(${JSON.stringify(lists.map(([id, { title, public: isPublic }]) => ({ id, title, public: isPublic })))})`
}

/** Whoever has a place on the new list keeps it, so nobody who left it comes back; only a pending one is confirmed. */
function moveStatements(mailshot: Mailshot, { from, to }: Rename): SQL[] {
  // One may have started since it was looked at.
  const isFree = sql`NOT EXISTS (SELECT 1 FROM sends, json_each(sends.lists) AS l WHERE ${isUnderWay} AND l.value = ${from})`
  const which = sql`list_id = ${from} AND ${isFree}`
  return [
    auditStatement(mailshot, {
      actor: 'config',
      action: 'rename',
      subject: `list:${to}`,
      detail: { formerly: from },
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${which})`,
    }),
    sql`INSERT INTO subscriptions
          (subscriber_id, list_id, status, asked_at, active_at, ended_at, end_reason)
        SELECT subscriber_id, ${to}, status, asked_at, active_at, ended_at, end_reason
        FROM subscriptions WHERE ${which}
        ON CONFLICT (subscriber_id, list_id) DO UPDATE
          SET status = 'active', active_at = excluded.active_at
          WHERE subscriptions.status = 'pending' AND excluded.status = 'active'`,
    sql`UPDATE consents SET list_id = ${to} WHERE ${which}`,
    sql`UPDATE reconsents SET list_id = ${to} WHERE ${which}`,
    sql`DELETE FROM subscriptions WHERE ${which}`,
    sql`UPDATE lists SET became = ${to} WHERE id = ${from} AND ${isFree}`,
    sql`UPDATE sends SET lists = (SELECT json_group_array(id) FROM (
          SELECT iif(value = ${from}, ${to}, value) AS id FROM json_each(sends.lists) GROUP BY 1 ORDER BY min(key)))
        WHERE status IN ('scheduled', 'paused') AND started_at IS NULL
          AND EXISTS (SELECT 1 FROM json_each(sends.lists) WHERE value = ${from})`,
  ]
}

type SummaryRow = Omit<ListSummary, 'title' | 'public' | 'privateTitle' | 'automatic'> & {
  title: string
  public: number
}
