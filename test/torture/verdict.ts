import { sql } from 'drizzle-orm/sql'
import { listSends, type Send } from '../../integrations/mailshot/send.ts'
import type { BookLine } from './receiving-side.ts'
import type { Run } from './run.ts'
import { type Site, slug } from './site.ts'
import { isCampaign } from './steer.ts'

/** The receiving side's book against the database's, over all sends of the campaign. */
export interface Verdict {
  recipients: number
  /** Mails of the campaign that the server accepted. */
  accepted: number
  sent: number
  uncertain: number
  /** Of the uncertain, how many the server had accepted. */
  uncertainAccepted: number
  /** Who counts as sent, and got nothing; and who was to get it, and was never to be mailed. */
  lost: string[]
  /** Addresses that got more than one, or one with the same Message-ID twice; those left out who were mailed again by wish. */
  doubled: string[]
  violations: string[]
}

interface Row {
  sendId: string
  email: string
  status: string
  reason: string | null
  messageId: string | null
}

interface Books {
  sends: Send[]
  rows: Row[]
  book: BookLine[]
  /** Whose each Message-ID was that the campaign has ever had. */
  ownerOf: Map<string, string>
}

/** Counts from the receiving side. */
export async function compareBooks(run: Run): Promise<Verdict> {
  const books = await readBooks(run)
  const { rows, book } = books
  const mailed = new Set(book.map(({ messageId }) => messageId))
  const hasArrived = ({ messageId }: Row) => mailed.has(messageId ?? '')
  const uncertain = rows.filter(({ status }) => status === 'uncertain')
  const sent = rows.filter(({ status }) => status === 'sent')
  const verdict: Verdict = {
    recipients: new Set(rows.map(({ email }) => email)).size,
    accepted: book.length,
    sent: sent.length,
    uncertain: uncertain.length,
    uncertainAccepted: uncertain.filter(hasArrived).length,
    lost: [
      ...sent.filter((row) => !hasArrived(row)).map(({ email }) => email),
      ...(await forgotten(run, rows)),
    ],
    doubled: doubledIn(book, run.account.byHand.resentUncertain),
    violations: [],
  }
  verdict.violations = [
    ...books.sends.flatMap((send, index) => violationsOf(send, rows, index === 0)),
    ...(verdict.recipients === run.options.recipients
      ? []
      : [`${verdict.recipients} recipients were frozen`]),
    ...(await overfull(run.site)),
    ...strangers(books),
    ...bounds(run, verdict),
  ]
  return verdict
}

async function readBooks({ site: { mailshot }, side }: Run): Promise<Books> {
  const rows = await mailshot.db.all<Row>(
    sql`SELECT send_id AS sendId, email, status, reason, message_id AS messageId FROM recipients`,
  )
  // Who is mailed again after an uncertain one gets another Message-ID; the audit has the one before.
  const earlier = await mailshot.db.all<{ email: string; messageId: string | null }>(
    sql`SELECT email, detail ->> 'messageId' AS messageId FROM audit
        JOIN recipients ON subject = 'recipient:' || recipients.id WHERE action = 'resend'`,
  )
  const ownerOf = new Map<string, string>()
  for (const { email, messageId } of [...earlier, ...rows]) {
    if (messageId !== null) ownerOf.set(messageId, email)
  }
  const book = side.readBook().filter(isCampaign)
  return { sends: await listSends(mailshot, slug), rows, book, ownerOf }
}

function doubledIn(book: BookLine[], wished: string[]): string[] {
  const most = new Map<string, number>()
  for (const email of wished) most.set(email, (most.get(email) ?? 1) + 1)
  const times = (key: 'to' | 'messageId') => {
    const counts = new Map<string, number>()
    for (const line of book) counts.set(line[key], (counts.get(line[key]) ?? 0) + 1)
    return [...counts]
  }
  return [
    ...times('to').filter(([to, count]) => count > (most.get(to) ?? 1)),
    ...times('messageId').filter(([, count]) => count > 1),
  ].map(([key]) => key)
}

/** Readers of the list who were never frozen, or were cancelled and are in no later send. */
async function forgotten({ site }: Run, rows: Row[]): Promise<string[]> {
  const readers = await site.mailshot.db.all<{ email: string }>(
    sql`SELECT email FROM subscribers JOIN subscriptions ON subscriber_id = subscribers.id
        WHERE list_id = 'weekly'`,
  )
  // One that woke too late to say so in time was taken for one who may have got it.
  const isLate = ({ reason }: Row) => /silent for longer than its lease/.test(reason ?? '')
  const served = new Set(
    rows.filter((row) => row.status !== 'cancelled' || isLate(row)).map(({ email }) => email),
  )
  return readers.map(({ email }) => email).filter((email) => !served.has(email))
}

/** The latest send is done, those before it are cancelled, and the counters of each say what its recipients do. */
function violationsOf(send: Send, all: Row[], isLatest: boolean): string[] {
  const rows = all.filter(({ sendId }) => sendId === send.id)
  const count = (wanted: string) => rows.filter(({ status }) => status === wanted).length
  const [sent, uncertain, cancelled] = [count('sent'), count('uncertain'), count('cancelled')]
  const violations: string[] = []
  const wanted = isLatest ? 'done' : 'cancelled'
  if (send.status !== wanted) violations.push(`send ${send.id} is ${send.status}, not ${wanted}`)
  const others = rows.length - sent - uncertain - (isLatest ? 0 : cancelled)
  if (others > 0) violations.push(`${others} recipients of send ${send.id} are in no final state`)
  const counters = [send.total, send.sent, send.uncertain, send.cancelled].join(', ')
  const counted = [rows.length, sent, uncertain, cancelled].join(', ')
  if (counters !== counted) violations.push(`the counters say ${counters}, and it is ${counted}`)
  return violations
}

async function overfull({ mailshot, capacity }: Site): Promise<string[]> {
  const dead = await mailshot.db.all<{ id: string; count: number }>(
    sql`SELECT worker_id AS id, count(*) AS count FROM recipients
        WHERE status = 'uncertain' AND reason LIKE '%died%' GROUP BY worker_id`,
  )
  return dead
    .filter(({ count }) => count > capacity)
    .map(({ id, count }) => `worker ${id} left ${count} uncertain, over ${capacity}`)
}

/** Mails to somebody who counts as not mailed in every send, or under another name than the recipient's. */
function strangers({ rows, book, ownerOf }: Books): string[] {
  const mailed = new Set(
    rows
      .filter(({ status }) => status === 'sent' || status === 'uncertain')
      .map(({ email }) => email),
  )
  return book.flatMap(({ to, messageId }) => {
    if (!mailed.has(to)) return [`${to} got a mail, and counts as not mailed`]
    const owner = ownerOf.get(messageId)
    return owner === to ? [] : [`${to} got ${messageId}, which is ${owner ?? 'nobody'}'s`]
  })
}

/** Where the last answer of a mail may have been lost. */
const doubtfulCuts = ['body', 'dot', 'accepted', 'answer'] as const

function bounds(
  { account, options, side, site }: Run,
  { uncertain, lost, doubled }: Verdict,
): string[] {
  const cut = doubtfulCuts.reduce((sum, step) => sum + (side.cuts.get(step) ?? 0), 0)
  const dead = account.deaths.reduce((sum, { inHand }) => sum + inHand, 0)
  const stopped = account.stops.reduce((sum, stop) => sum + stop.lost, 0)
  // Who waits for a lock for longer than the lease is taken for dead by the first who gets it.
  const locked = account.locks * options.workers * site.capacity
  const violations: string[] = []
  if (lost.length > 0) violations.push(`lost: ${lost.slice(0, 10).join(', ')}`)
  if (doubled.length > 0) violations.push(`doubled: ${doubled.slice(0, 10).join(', ')}`)
  if (uncertain > cut + dead + stopped + locked) {
    const most = `${dead} by kills, ${stopped} by stops, ${cut} by cuts, ${locked} by locks`
    violations.push(`${uncertain} are uncertain, where at most ${most} may be`)
  }
  return violations
}
