import { sql } from 'drizzle-orm/sql'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Run } from './run.ts'
import { type Site, slug } from './site.ts'
import { isCampaign } from './steer.ts'

/** The receiving side's book against the database's. */
export interface Verdict {
  recipients: number
  /** Mails of the send that the server accepted. */
  accepted: number
  sent: number
  uncertain: number
  /** Of the uncertain, how many the server had accepted. */
  uncertainAccepted: number
  /** Who counts as sent, and got nothing; and who was to get it, and is no recipient. */
  lost: string[]
  /** Addresses that got more than one. */
  doubled: string[]
  violations: string[]
}

interface Row {
  email: string
  status: string
  messageId: string | null
}

/** Counts from the receiving side. */
export async function compareBooks(run: Run): Promise<Verdict> {
  const { site } = run
  const rows = await readRows(site)
  const book = run.side.readBook().filter(isCampaign)
  const counts = new Map<string, number>()
  for (const { to } of book) counts.set(to, (counts.get(to) ?? 0) + 1)
  const known = new Set(rows.map(({ email }) => email))
  const uncertain = rows.filter(({ status }) => status === 'uncertain')
  const verdict: Verdict = {
    recipients: rows.length,
    accepted: book.length,
    sent: rows.filter(({ status }) => status === 'sent').length,
    uncertain: uncertain.length,
    uncertainAccepted: uncertain.filter(({ email }) => counts.has(email)).length,
    lost: [
      ...rows.filter(({ email, status }) => status === 'sent' && !counts.has(email)),
      ...(await forgotten(run, known)),
    ].map(({ email }) => email),
    doubled: [...counts].filter(([, count]) => count > 1).map(([to]) => to),
    violations: [],
  }
  verdict.violations = [
    ...(await violationsOf(run, rows)),
    ...strangers(rows, book),
    ...bounds(run, verdict),
  ]
  return verdict
}

async function readRows({ mailshot }: Site): Promise<Row[]> {
  return mailshot.db.all<Row>(
    sql`SELECT email, status, message_id AS messageId FROM recipients ORDER BY id`,
  )
}

/** Readers of the list who were never frozen. */
async function forgotten({ site }: Run, known: Set<string>): Promise<{ email: string }[]> {
  const readers = await site.mailshot.db.all<{ email: string }>(
    sql`SELECT email FROM subscribers JOIN subscriptions ON subscriber_id = subscribers.id
        WHERE list_id = 'weekly'`,
  )
  return readers.filter(({ email }) => !known.has(email))
}

async function violationsOf({ site, options }: Run, rows: Row[]): Promise<string[]> {
  const { mailshot, capacity } = site
  const violations: string[] = []
  const send = await readSend(mailshot, slug)
  const count = (wanted: string) => rows.filter(({ status }) => status === wanted).length
  const [sent, uncertain] = [count('sent'), count('uncertain')]
  if (send.status !== 'done') violations.push(`the send is ${send.status}, not done`)
  if (rows.length !== options.recipients) violations.push(`${rows.length} recipients were frozen`)
  if (sent + uncertain !== rows.length) {
    violations.push(`${rows.length - sent - uncertain} recipients are neither sent nor uncertain`)
  }
  if (send.total !== rows.length || send.sent !== sent || send.uncertain !== uncertain) {
    violations.push(`the counters say ${send.total}, ${send.sent}, ${send.uncertain}`)
  }
  const dead = await mailshot.db.all<{ id: string; count: number }>(
    sql`SELECT worker_id AS id, count(*) AS count FROM recipients
        WHERE status = 'uncertain' AND reason LIKE '%died%' GROUP BY worker_id`,
  )
  for (const { id, count: held } of dead) {
    if (held > capacity) violations.push(`worker ${id} left ${held} uncertain, over ${capacity}`)
  }
  return violations
}

/** Mails to somebody who counts as not mailed, or under another name than the recipient's. */
function strangers(rows: Row[], book: { to: string; messageId: string }[]): string[] {
  const rowOf = new Map(rows.map((row) => [row.email, row]))
  return book.flatMap(({ to, messageId }) => {
    const row = rowOf.get(to)
    const isMailed = row?.status === 'sent' || row?.status === 'uncertain'
    if (!row || !isMailed) return [`${to} got a mail, and is ${row?.status ?? 'no recipient'}`]
    return row.messageId === messageId ? [] : [`${to} got ${messageId}, not ${row.messageId}`]
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
