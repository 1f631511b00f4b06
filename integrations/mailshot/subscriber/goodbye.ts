import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from '../config.ts'
import { queueLetterStatement } from '../letter.ts'
import { keptTold } from '../letter/values.ts'
import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { languageOfTexts } from '../reader-language.ts'
import { pageUrl } from '../token.ts'
import { openPlaces, type Person } from './person.ts'

/** Who presses the wrong button takes it back by then, and hears nothing of it. */
const waitMs = 5 * 60_000

/** The ways that people leave by themselves. Who was taken off by us, or bounces, gets no mail about it. */
const ownWays = ['page', 'one-click', 'preferences', 'mail']

/**
 * Queues the goodbye to a person who leaves lists that they were on, with a way back to those that anybody may join. To stand before the
 * subscriptions end, so that leaving twice says it once.
 */
export function goodbyeStatements(
  mailshot: Mailshot,
  person: Person,
  { lists, reason }: { lists: readonly string[] | 'all'; reason: string },
): SQL[] {
  const { config } = mailshot
  const places = openPlaces(person).filter(
    ({ list, status }) => status === 'active' && (lists === 'all' || lists.includes(list)),
  )
  const left = places.map(({ list }) => list)
  if (!config.goodbye || left.length === 0 || !ownWays.includes(reason)) return []
  const lang = languageOfTexts(config, person.lang)
  return [
    queueLetterStatement(mailshot, {
      kind: 'goodbye',
      subscriberId: person.id,
      email: person.written,
      lang: person.lang ?? config.lang,
      values: {
        lists: titlesOf(config, places, lang),
        ...keptTold({ lists: left }),
        url: wayBack(config, lang, left),
        name: person.name,
      },
      after: waitMs,
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE subscriber_id = ${person.id}
        AND status = 'active' AND list_id IN (SELECT value FROM json_each(${JSON.stringify(left)})))`,
    }),
  ]
}

/** The sign-up page, with those lists chosen that anybody may join. */
export function wayBack(config: MailshotConfig, lang: string, lists: readonly string[]): string {
  const url = new URL(pageUrl(config, 'subscribe'))
  url.searchParams.set('lang', lang)
  for (const list of lists.filter((id) => config.lists[id]?.public)) {
    url.searchParams.append('list', list)
  }
  return url.href
}

/** Takes back a goodbye that waits, for somebody who came back, if the condition holds. */
export function noGoodbyeStatement(subscriberId: number, when = sql`true`): SQL {
  return sql`DELETE FROM letters WHERE kind = 'goodbye' AND subscriber_id = ${subscriberId}
    AND status = 'pending' AND tries = 0 AND ${when}`
}
