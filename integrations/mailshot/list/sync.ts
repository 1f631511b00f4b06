import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Answered, askMembers } from './members.ts'
import type { ReadMembers } from './options.ts'
import { byPresentAddress } from './present.ts'
import { endStatements, hasAsked, joinSlice, type Joined } from './sync-slice.ts'

export interface SyncRequest {
  actor: string
  /** Also where most of a list would end by it. */
  force?: boolean | undefined
  /** Change nothing, and say what would be. */
  dryRun?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** What came of asking the function of a list. */
export type Synced =
  | ({ status: 'done'; list: string; faults: string[]; faultCount: number } & SyncCounts)
  /** Most of the list would end by it: nothing was changed. */
  | { status: 'held'; list: string; leaving: number; of: number; reason: string }
  /** Nothing was changed. */
  | { status: 'failed'; list: string; reason: string }

export interface SyncCounts {
  /** Rows of the answer. */
  read: number
  joined: number
  /** No longer in the answer. */
  ended: number
  /** In the answer, but they left the list by themselves, or their address is suppressed. */
  keptOut: number
}

/**
 * Brings an automatic list in line with what its function answers: who is new joins, without a confirmation; whoever is no longer in
 * the answer leaves without a word, and may come back by it. Who left by themselves or is suppressed stays away, and who asked
 * to be on the list stays. A function that fails changes nothing, and an answer that would end most of a list is held.
 *
 * @throws MailshotError when the list is not automatic
 */
export async function syncList(
  mailshot: Mailshot,
  list: string,
  request: SyncRequest,
): Promise<Synced> {
  const readMembers = requireAutomatic(mailshot, list)
  const signal = request.signal ?? new AbortController().signal
  if (!request.dryRun) await note(mailshot, list, { triedAt: mailshot.now() })
  const answered = await askMembers(mailshot.config, readMembers, signal).catch(faultOf)
  if (typeof answered === 'string') {
    if (!signal.aborted && !request.dryRun) await note(mailshot, list, { syncFault: answered })
    return { status: 'failed', list, reason: answered }
  }
  const { read, members, faults, faultCount } = await byPresentAddress(mailshot, answered)
  const { leaving, of } = await whoLeaves(mailshot, list, members)
  const refused = whyNot(list, answered, { request, leaving: leaving.length, of })
  if (refused) {
    if (!request.dryRun) await note(mailshot, list, { syncFault: refused.reason })
    return { list, ...refused }
  }
  const joined: Joined = { joined: 0, keptOut: 0 }
  for (const people of slices([...members.values()])) {
    if (signal.aborted) {
      const { actor } = request
      if (!request.dryRun) {
        await mailshot.db.write(syncedStatement(mailshot, list, { actor, counts: joined }))
      }
      return { status: 'failed', list, reason: 'stopped' }
    }
    const slice = await joinSlice(mailshot, list, people, { dryRun: request.dryRun === true })
    joined.joined += slice.joined
    joined.keptOut += slice.keptOut
    await setImmediate()
  }
  const counts = { read, ...joined, ended: leaving.length }
  if (!request.dryRun) await end(mailshot, list, { leaving, counts, actor: request.actor })
  return { status: 'done', list, faults, faultCount, ...counts }
}

/** Fewer than these are held only where nobody is answered: whoever leaves so comes back with the next answer. */
const fewest = 10
const sliceRows = 1000

/** The function of an automatic list. @throws MailshotError when it has none */
function requireAutomatic({ config }: Mailshot, list: string): ReadMembers {
  const found = Object.hasOwn(config.lists, list) ? config.lists[list] : undefined
  if (found?.members) return found.members
  throw new MailshotError(
    `list "${list}" is not automatic: give it members: () => … in mailshot.config.ts, or leave it out`,
  )
}

/** Why an answer is not written, if it is not. */
function whyNot(
  list: string,
  { read, members, faults, faultCount }: Answered,
  { request, leaving, of }: { request: SyncRequest; leaving: number; of: number },
):
  | { status: 'failed'; reason: string }
  | Omit<Extract<Synced, { status: 'held' }>, 'list'>
  | undefined {
  if (members.size === 0 && faultCount > 0) {
    const reason = `none of the ${read} rows that its function answers is a person: row ${faults[0]}`
    return { status: 'failed', reason }
  }
  const isMost = leaving >= fewest && leaving * 2 > of
  const isAll = leaving > 0 && members.size === 0
  if (request.force || !(isMost || isAll)) return undefined
  return { status: 'held', leaving, of, reason: heldReason(list, leaving, of, read) }
}

function heldReason(list: string, leaving: number, of: number, read: number): string {
  return (
    `its function answered ${read} people, by which ${leaving} of ${of} would leave; nothing was changed. ` +
    `If that is right: mailshot lists sync ${list} --force`
  )
}

function faultOf(cause: unknown): string {
  if (!(cause instanceof Error)) return `its function threw ${String(cause)}`
  return cause.message || cause.name
}

/** Those whom nothing but syncs and imports has put on the list, and who are not in the answer; and how many such there are. */
async function whoLeaves(
  { db }: Mailshot,
  list: string,
  members: ReadonlyMap<string, unknown>,
): Promise<{ leaving: number[]; of: number }> {
  const leaving: number[] = []
  let of = 0
  for (let afterId = 0; ;) {
    const page = await db.all<{ id: number; email: string }>(sql`
      SELECT s.id, s.email FROM subscriptions AS p JOIN subscribers AS s ON s.id = p.subscriber_id
      WHERE p.list_id = ${list} AND p.status = 'active' AND p.subscriber_id > ${afterId}
        AND NOT ${hasAsked(sql`p`)}
      ORDER BY p.subscriber_id LIMIT ${sliceRows}`)
    of += page.length
    leaving.push(...page.filter(({ email }) => !members.has(email)).map(({ id }) => id))
    if (page.length < sliceRows) return { leaving, of }
    afterId = page.at(-1)?.id ?? afterId
    await setImmediate()
  }
}

async function end(
  mailshot: Mailshot,
  list: string,
  { leaving, counts, actor }: { leaving: number[]; counts: SyncCounts; actor: string },
): Promise<void> {
  for (const ids of slices(leaving)) {
    await mailshot.db.write(...endStatements(mailshot, list, { subscriberIds: ids, actor }))
    await setImmediate()
  }
  await mailshot.db.write(
    syncedStatement(mailshot, list, { actor, counts }),
    sql`UPDATE lists SET synced_at = ${mailshot.now()}, sync_fault = NULL WHERE id = ${list}`,
  )
}

function syncedStatement(
  mailshot: Mailshot,
  list: string,
  { actor, counts }: { actor: string; counts: Partial<SyncCounts> },
): SQL {
  const { joined = 0, ended = 0 } = counts
  return auditStatement(mailshot, {
    actor,
    action: 'sync',
    subject: `list:${list}`,
    detail: counts,
    when: sql`${joined + ended > 0}`,
  })
}

async function note(
  { db }: Mailshot,
  list: string,
  what: { triedAt: number } | { syncFault: string },
): Promise<void> {
  const change =
    'triedAt' in what ? sql`tried_at = ${what.triedAt}` : sql`sync_fault = ${what.syncFault}`
  await db.write(sql`UPDATE lists SET ${change} WHERE id = ${list}`)
}

function* slices<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let at = 0; at < items.length; at += sliceRows) yield items.slice(at, at + sliceRows)
}
