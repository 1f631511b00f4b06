import { sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../email-address.ts'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { languageOfTexts } from '../reader-language.ts'
import { linkTo, signToken } from '../token.ts'
import { passUnqueuedStatement } from './numbers.ts'
import { findPerson } from './person.ts'

const minute = 60_000
const againAfter = 10 * minute
const mostADay = 3

/**
 * Mails the links to their own pages to whoever is known by an address: once in ten minutes, three times a day. Nobody who never
 * confirmed gets them, nor does an address whose mails came back or that is to get none by more than its owner's wish. Answers nothing,
 * so that nobody learns who is known.
 */
export async function mailLinks(mailshot: Mailshot, email: string): Promise<void> {
  const { config } = mailshot
  const identity = parseEmailAddress(email)?.identity ?? null
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM subscribers WHERE email = ${identity}`,
  )
  const person = await findPerson(mailshot, row?.id ?? 0)
  const now = mailshot.now()
  const id = person?.id ?? 0
  const link = (page: 'preferences' | 'unsubscribe', ids: number[]) =>
    linkTo(config, page, signToken(config.secrets, page, ids))
  const mailedSince = (since: number) => sql`(SELECT count(*) FROM letters
    WHERE subscriber_id = ${id} AND kind = 'links' AND created_at > ${since})`
  await mailshot.db.write(
    queueLetterStatement(mailshot, {
      kind: 'links',
      subscriberId: id,
      // The form in which they gave it, not the one that somebody typed.
      email: person?.written ?? '',
      lang: languageOfTexts(config, person?.lang),
      values: { url: link('preferences', [id]), leave_url: link('unsubscribe', [id, 0]) },
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE subscriber_id = ${id} AND status <> 'pending')
        AND ${(person?.suppressed ?? 'unsubscribe') === 'unsubscribe'}
        AND ${mailedSince(now - againAfter)} = 0 AND ${mailedSince(now - day)} < ${mostADay}`,
    }),
    passUnqueuedStatement(),
  )
}
