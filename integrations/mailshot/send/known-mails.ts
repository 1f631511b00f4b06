import { sql } from 'drizzle-orm/sql'
import { didYouMean } from '../closest.ts'
import { utc } from '../hold.ts'
import type { Mailshot } from '../mailshot.ts'
import { type AskedMails, mailsAskedIn } from '../segment.ts'

/**
 * What conditions ask about mails that nobody can answer: who got a campaign of which nothing was sent, most likely a mistyped one, or
 * of which the recipients were purged, or who got anything in a time of which they were. Undefined where there is nothing of the
 * kind. What was emptied from the trash counts as never sent, unless it is named.
 *
 * @param own the campaign that asks, which may ask about itself before it was ever sent
 */
export async function unknownMails(
  mailshot: Mailshot,
  conditions: readonly string[],
  own?: string,
): Promise<string | undefined> {
  const { config, now } = mailshot
  const asked = { now: now(), timeZone: config.timeZone, lang: config.lang }
  const seen = new Set<string>()
  for (const mails of conditions.flatMap((one) => mailsAskedIn(one, config, asked))) {
    if (mails.of === own && own !== undefined) continue
    const key = mails.of ?? mails.words
    if (seen.has(key)) continue
    seen.add(key)
    const { of } = mails
    const wrong =
      of === undefined ? await whyUnknownThen(mailshot, mails) : await whyUnknown(mailshot, of)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

async function whyUnknown({ db }: Mailshot, name: string): Promise<string | undefined> {
  const rows = await db.all<{ id: string; purgedAt: number | null }>(
    sql`SELECT id, purged_at AS purgedAt FROM sends WHERE slug = ${name} OR id = ${name}`,
  )
  const purged = rows.find(({ purgedAt }) => purgedAt !== null)
  if (purged) {
    return (
      `it asks who got ${name}, and the recipients of its send ${purged.id} were purged; ` +
      'take that out of its segment'
    )
  }
  if (rows.length > 0) return undefined
  const known = await db.all<{ slug: string }>(
    sql`SELECT slug FROM sends GROUP BY slug ORDER BY max(created_at) DESC LIMIT 50`,
  )
  const slugs = known.map(({ slug }) => slug)
  return `it asks who got ${name}, and nothing was sent by that name; ${didYouMean(name, slugs)}`
}

async function whyUnknownThen(
  { db }: Mailshot,
  { words, from = 0, to = Number.MAX_SAFE_INTEGER }: AskedMails,
): Promise<string | undefined> {
  const purged = await db.get<{ id: string; slug: string; finishedAt: number }>(
    sql`SELECT id, slug, finished_at AS finishedAt FROM sends
        WHERE purged_at IS NOT NULL AND emptied_at IS NULL AND only_to IS NULL
          AND finished_at >= ${from} AND coalesce(started_at, created_at) < ${to}
        ORDER BY finished_at DESC LIMIT 1`,
  )
  if (!purged) return undefined
  return (
    `it asks "${words}", and the recipients of ${purged.slug} (send ${purged.id}, ended ${utc(purged.finishedAt)}) ` +
    'were purged; ask about a time after that, or keep details for longer (keepDetails)'
  )
}
