import { type SQL, sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../email-address.ts'
import { queueLetterStatement } from '../letter.ts'
import { letterDate } from '../letter/date.ts'
import { keptTold } from '../letter/values.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { languageOfTexts } from '../reader-language.ts'
import { linkTo, signToken } from '../token.ts'
import { passUnqueuedStatement } from './numbers.ts'
import { freshLink } from './own-link.ts'
import { findPerson, type Person } from './person.ts'

const minute = 60_000
const againAfter = 10 * minute
const mostADay = 3

/**
 * Mails the links to their own pages to whoever is known by an address: once in ten minutes, three times a day. Nobody who never
 * confirmed gets them, nor does an address whose mails came back or that is to get none by more than its owner's wish. Answers nothing,
 * so that nobody learns who is known.
 */
export async function mailLinks(mailshot: Mailshot, email: string): Promise<void> {
  const identity = parseEmailAddress(email)?.identity ?? null
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM subscribers WHERE email = ${identity}`,
  )
  const person = await findPerson(mailshot, row?.id ?? 0)
  const hasConfirmed = sql`EXISTS (SELECT 1 FROM subscriptions WHERE subscriber_id = ${person?.id ?? 0} AND status <> 'pending')`
  await queueLinks(mailshot, person, hasConfirmed)
}

/** The same to whoever has asked for them on their own page: only their mailbox has a link to that. */
export async function mailOwnLinks(mailshot: Mailshot, person: Person): Promise<void> {
  await queueLinks(mailshot, person, sql`true`)
}

/** The link to the own page is a fresh one, which opens for a day what those in newsletters do not. */
async function queueLinks(
  mailshot: Mailshot,
  person: Person | undefined,
  when: SQL,
): Promise<void> {
  const { config } = mailshot
  const { id, email, written, lang, suppressed } = person ?? nobody
  const now = mailshot.now()
  const { url, expiresAt } = freshLink(config, { id, email }, now)
  const leaving = signToken(config.secrets, 'unsubscribe', [id, 0])
  const mailedSince = (since: number) => sql`(SELECT count(*) FROM letters
    WHERE subscriber_id = ${id} AND kind = 'links' AND created_at > ${since})`
  const said = languageOfTexts(config, lang)
  await mailshot.db.write(
    queueLetterStatement(mailshot, {
      kind: 'links',
      subscriberId: id,
      // The form in which they gave it, not the one that somebody typed.
      email: written,
      lang: lang ?? config.lang,
      values: {
        url,
        ...keptTold({ until: expiresAt }),
        leave_url: linkTo(config, 'unsubscribe', leaving),
        date: letterDate(config, { kind: 'links', until: expiresAt }, said),
      },
      when: sql`${id} > 0 AND ${when} AND ${(suppressed ?? 'unsubscribe') === 'unsubscribe'}
        AND ${mailedSince(now - againAfter)} = 0 AND ${mailedSince(now - day)} < ${mostADay}`,
    }),
    passUnqueuedStatement(),
  )
}

const nobody = { id: 0, email: '', written: '', lang: null, suppressed: null }
