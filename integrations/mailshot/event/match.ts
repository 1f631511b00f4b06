import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { transportsOf } from '../route.ts'
import type { Fact, MatchWay, Report } from './fact.ts'
import { namedMails, type NamedMail, namesOurKind, parseMessageId } from './named-mail.ts'

/** A report without the ids it carries is about a mail of at most so long before. */
const recentMs = 30 * 24 * 3_600_000
/** By how much the clocks of reporters may be behind ours. */
const skewMs = 10 * 60_000

type Found = Pick<Fact, 'sendId' | 'recipientId' | 'resend' | 'subscriberId' | 'letterId'> & {
  email: string | null
  /** Whether it went to the config's `redirectTo` instead. */
  redirected: number | null
}
type Match = Found & { matchedBy: MatchWay }

/**
 * Finds the mails that reports are about: by the token of the envelope sender, our Message-ID, our id in the provider's hands,
 * the provider's id, and at last the address, which names the latest mail it was sent within 30 days. A report of a mail that
 * is not ours stays unmatched. What is found does not depend on any other report.
 */
export async function matchReports(
  mailshot: Mailshot,
  reports: Report[],
): Promise<Map<Report, Fact>> {
  const matches = new Map<Report, Match>()
  const rest = () => reports.filter((report) => !matches.has(report))
  for (const find of [findNamed, findByProviderId, findByAddress]) {
    for (const [report, match] of await find(mailshot, rest())) matches.set(report, match)
  }
  return new Map(reports.map((report) => [report, factOf(report, matches.get(report))]))
}

/** Of reports that matched nothing before, those whose provider's id is known by now. */
export async function matchByProviderId(mailshot: Mailshot, reports: Report[]): Promise<Fact[]> {
  const found = await findByProviderId(mailshot, reports)
  return found.map(([report, match]) => factOf(report, match))
}

function factOf(report: Report, match: Match | undefined): Fact {
  // Of a mail that went elsewhere nothing is said about its reader, whoever is named: it counts for its send alone.
  if (!match || match.redirected) return { ...report, ...nothing, sendId: match?.sendId ?? null }
  const { redirected: _redirected, ...found } = match
  return { ...report, ...found, email: found.email ?? report.email }
}

const nothing = {
  sendId: null,
  recipientId: null,
  resend: null,
  subscriberId: null,
  letterId: null,
  matchedBy: null,
}

type Finding = Promise<(readonly [Report, Match])[]>

/** Those that name the mail by an id of ours, the surest that exists first. */
async function findNamed(mailshot: Mailshot, reports: Report[]): Finding {
  const named = reports.flatMap((report) => {
    const mails = namedMails(mailshot.config, report)
    return mails.length > 0 ? [{ report, mails }] : []
  })
  if (named.length === 0) return []
  const found = await findMails(
    mailshot,
    named.flatMap(({ report, mails }) => mails.map((mail) => ({ mail, email: report.email }))),
  )
  return named.flatMap(({ report, mails }) => {
    const mail = mails.find((one) => found.has(one))
    const row = mail && found.get(mail)
    return row ? [[report, { ...row, matchedBy: mail.by }] as const] : []
  })
}

/** A letter without its time is known by its address too, since other sites count their letters as well. */
async function findMails(
  { db }: Mailshot,
  named: { mail: NamedMail; email: string | null }[],
): Promise<Map<NamedMail, Found>> {
  const rows = JSON.stringify(
    named.map(({ mail, email }) => [mail.isLetter, mail.id, mail.sendId, mail.createdAt, email]),
  )
  const found = await db.all<FoundMail>(sql`
    SELECT j.key AS place, coalesce(r.send_id, s.id) AS sendId, r.id AS recipientId, r.subscriber_id AS subscriberId,
      r.email, NULL AS letterId, r.resend AS latest, r.message_id AS latestId, r.redirected
    FROM json_each(${rows}) AS j
      LEFT JOIN recipients AS r ON r.id = j.value ->> 1 AND r.send_id = coalesce(j.value ->> 2, r.send_id)
      LEFT JOIN sends AS s ON s.id = j.value ->> 2
    WHERE NOT j.value ->> 0 AND coalesce(r.id, s.id) IS NOT NULL
    UNION ALL
    SELECT j.key, NULL, NULL, l.subscriber_id, lower(l.email), l.id, NULL, NULL, l.redirected
    FROM json_each(${rows}) AS j JOIN letters AS l ON l.id = j.value ->> 1
    WHERE j.value ->> 0 AND (l.created_at = j.value ->> 3 OR lower(l.email) = j.value ->> 4)`)
  return new Map(
    found.flatMap(({ place, latest, latestId, ...row }) => {
      const mail = named[place]?.mail
      return mail ? [[mail, { ...row, resend: resendOf(mail, { latest, latestId }) }] as const] : []
    }),
  )
}

type FoundMail = Found & { place: number; latest: number | null; latestId: string | null }

/** Who was mailed once more because the first mail surely did not arrive has its Message-ID still: a report is about the later one. */
function resendOf(
  mail: NamedMail,
  { latest, latestId }: Pick<FoundMail, 'latest' | 'latestId'>,
): number | null {
  if (mail.by !== 'message-id') return mail.resend
  return parseMessageId(latestId)?.resend === mail.resend ? latest : mail.resend
}

async function findByProviderId(mailshot: Mailshot, reports: Report[]): Finding {
  const asked = reports.filter(({ email, messageId }) => email !== null && messageId !== null)
  const known = new Set(transportsOf(mailshot.config).map(({ name }) => name))
  const rows = asked.map(({ email, messageId, transport }) => [
    email,
    ...providerIds(messageId ?? ''),
    known.has(transport) ? transport : null,
  ])
  return findRecipients(mailshot, asked, {
    rows,
    by: 'provider-id',
    // Two providers may call two mails alike.
    query: sql`r.provider_id IN (j.value ->> 1, j.value ->> 2)
      AND (r.transport IS NULL OR j.value ->> 3 IS NULL OR r.transport = j.value ->> 3)`,
  })
}

/** A relay may have made the Message-ID of its own id. */
function providerIds(messageId: string): [string, string] {
  const bare = messageId.replace(/^<|>$/g, '')
  return [bare, bare.replace(/@.*$/, '')]
}

/** An address says nothing about which of its mails was opened, so a report that names another mail is not guessed at. */
const aboutTheAddress = new Set(['bounced', 'rejected', 'complained', 'unsubscribed'])

async function findByAddress(mailshot: Mailshot, reports: Report[]): Finding {
  const asked = reports.filter((report) => {
    if (report.email === null || namesOurKind(report)) return false
    const isNamed = report.messageId !== null || report.ourId !== null || report.token !== null
    return !isNamed || aboutTheAddress.has(report.type)
  })
  return findRecipients(mailshot, asked, {
    rows: asked.map(({ email, at }) => [email, at - recentMs, at + skewMs]),
    by: 'address',
    query: sql`r.in_hand_at BETWEEN j.value ->> 1 AND j.value ->> 2`,
  })
}

/** The latest recipient of each that is like that; `rows` begin with the address. */
async function findRecipients(
  { db }: Mailshot,
  asked: Report[],
  { rows, by, query }: { rows: unknown[][]; by: MatchWay; query: ReturnType<typeof sql> },
): Finding {
  if (asked.length === 0) return []
  const found = await db.all<Found & { place: number }>(sql`
    SELECT j.key AS place, r.send_id AS sendId, r.id AS recipientId, r.subscriber_id AS subscriberId, r.email,
      NULL AS letterId, NULL AS resend, r.redirected
    FROM json_each(${JSON.stringify(rows)}) AS j CROSS JOIN recipients AS r ON r.id = (
      SELECT r.id FROM recipients AS r WHERE r.email = j.value ->> 0 AND ${query}
      ORDER BY r.in_hand_at DESC, r.id DESC LIMIT 1)`)
  return found.flatMap(({ place, ...row }) => {
    const report = asked[place]
    return report ? [[report, { ...row, matchedBy: by }] as const] : []
  })
}
