import { type SQL, sql } from 'drizzle-orm/sql'
import { queueLetterStatement } from '../letter.ts'
import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { liftOwnStatements } from '../suppression.ts'
import { linkTo, signToken } from '../token.ts'

export interface Person {
  email: string
  written: string
  lang: string | null
}

export interface Confirmation {
  subscriberId: number
  askedAt: number
  /** The lists still pending, for the welcome. */
  asked: string[]
  person: Person
}

/** Makes active what was asked for until then. The welcome comes first, while a first confirmation can still be told. */
export function confirmStatements(mailshot: Mailshot, confirmation: Confirmation): SQL[] {
  const { subscriberId, askedAt, person } = confirmation
  const now = mailshot.now()
  return [
    welcomeStatement(mailshot, confirmation),
    sql`UPDATE consents SET confirmed_at = ${now}
        WHERE subscriber_id = ${subscriberId} AND confirmed_at IS NULL AND at <= ${askedAt}
          AND EXISTS (SELECT 1 FROM subscriptions s
            WHERE s.subscriber_id = consents.subscriber_id AND s.list_id = consents.list_id
              AND s.status <> 'unsubscribed' AND s.asked_at <= consents.at)`,
    sql`UPDATE subscriptions SET status = 'active', active_at = ${now}
        WHERE ${isPending(confirmation)}`,
    ...liftOwnStatements(mailshot, person.email, askedAt),
  ]
}

function welcomeStatement(mailshot: Mailshot, confirmation: Confirmation): SQL {
  const { config } = mailshot
  const { subscriberId, person, asked } = confirmation
  const lang = person.lang ?? config.lang
  const token = signToken(config.secrets, 'preferences', [subscriberId])
  return queueLetterStatement(mailshot, {
    kind: 'welcome',
    subscriberId,
    email: person.written,
    lang,
    values: { lists: titlesOf(config, asked, lang), url: linkTo(config, 'preferences', token) },
    when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${isPending(confirmation)})
      AND NOT EXISTS (SELECT 1 FROM consents
        WHERE subscriber_id = ${subscriberId} AND confirmed_at IS NOT NULL)`,
  })
}

function isPending({ subscriberId, askedAt }: Confirmation): SQL {
  return sql`subscriber_id = ${subscriberId} AND status = 'pending' AND asked_at <= ${askedAt}`
}
