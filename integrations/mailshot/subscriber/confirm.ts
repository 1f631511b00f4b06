import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { queueLetterStatement } from '../letter.ts'
import { keptTold } from '../letter/values.ts'
import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { languageOfTexts } from '../reader-language.ts'
import { findSuppression, liftableReasons, liftOwnStatements } from '../suppression.ts'
import { wordingOf } from '../privacy/wording.ts'
import { linkTo, signToken, type VerifiedToken, verifyToken } from '../token.ts'
import { type AgreedField, fieldPrefix, type Said } from './ask.ts'
import { noGoodbyeStatement } from './goodbye.ts'
import { findLists, findPerson, type Person, placesAmong } from './person.ts'

/** What a link of a confirmation is worth now. */
export type FoundConfirmation =
  | { status: 'malformed' }
  | { status: 'forged' }
  /** `lists` are still waiting, and can be joined, unless only the operator can let mail through; the person may be gone. */
  | {
      status: 'expired'
      person: Person | undefined
      askedAt: number
      lists: string[]
      /** Where they are by now, unless mail is kept from them. */
      active: string[]
    }
  /** The person is gone, or all that was asked for has been left since. */
  | { status: 'ended'; person: Person | undefined }
  /** Only the operator can lift it. */
  | { status: 'suppressed'; person: Person }
  /** Following it would make `lists` active, or lift what keeps mail from them. */
  | ({ status: 'ready' } & Confirmation)
  /** It was followed before; all that is active now. */
  | ({ status: 'confirmed' } & Confirmation)

interface Confirmation {
  /** As they are once it is followed. */
  person: Person
  askedAt: number
  lists: string[]
  /** What the ask said of them, where it is to be believed. */
  said: Said | undefined
  /** The boxes ticked in that ask, in its words: confirmed by the same click. None of an active reader. */
  agreed: AgreedField[]
}

/** What following a link of a confirmation would do, for the page that asks before. Changes nothing. */
export async function findConfirmation(
  mailshot: Mailshot,
  token: string,
): Promise<FoundConfirmation> {
  const verified = verifyToken(mailshot.config.secrets, 'confirm', token, mailshot.now())
  const ids = idsOf(verified)
  if (typeof ids === 'string') return { status: ids }
  const [subscriberId = 0, askedAt = 0] = ids
  const person = await findPerson(mailshot, subscriberId)
  const id = person?.id ?? subscriberId
  const pending = await findLists(mailshot, id, {
    status: 'pending',
    askedUntil: askedAt,
  })
  const isBlocked = person?.suppressed && !liftableReasons.includes(person.suppressed)
  const lists = await findLists(mailshot, id, { status: 'active' })
  if ('refused' in verified) {
    const waiting = pending.filter((list) => Object.hasOwn(mailshot.config.lists, list))
    const active = person?.suppressed ? [] : lists
    return { status: 'expired', person, askedAt, lists: isBlocked ? [] : waiting, active }
  }
  if (!person) return { status: 'ended', person }
  if (isBlocked) return { status: 'suppressed', person }
  if (pending.length > 0) {
    const said = lists.length === 0 ? await findSaid(mailshot, id, askedAt) : undefined
    const agreed = said ? await findAgreed(mailshot, id, askedAt) : []
    return {
      status: 'ready',
      person: believing(person, said),
      askedAt,
      lists: pending,
      said,
      agreed,
    }
  }
  if (lists.length === 0) return { status: 'ended', person }
  const isLifting = await wasSuppressedAt(mailshot, person.email, askedAt)
  const status = isLifting ? 'ready' : 'confirmed'
  return { status, person, askedAt, lists, said: undefined, agreed: [] }
}

/** What an ask said of the person, as long as it is not confirmed. */
export async function findSaid(
  mailshot: Mailshot,
  subscriberId: number,
  askedAt: number,
): Promise<Said | undefined> {
  const row = await mailshot.db.get<{ said: string }>(sql`
    SELECT said FROM consents
    WHERE subscriber_id = ${subscriberId} AND at = ${askedAt} AND said IS NOT NULL LIMIT 1`)
  return row && JSON.parse(row.said)
}

/** The boxes with words of their own that were ticked in an ask, as long as it is not confirmed. */
export function findAgreed(
  { db }: Mailshot,
  subscriberId: number,
  askedAt: number,
): Promise<AgreedField[]> {
  return db.all(sql`
    SELECT substr(list_id, ${fieldPrefix.length + 1}) AS field, ${wordingOf()} AS wording FROM consents
    WHERE subscriber_id = ${subscriberId} AND at = ${askedAt} AND confirmed_at IS NULL
      AND list_id LIKE ${`${fieldPrefix}%`} AND ${wordingOf()} IS NOT NULL ORDER BY id`)
}

/** What is not said stays as it is. */
function believing(person: Person, said: Said | undefined): Person {
  if (!said) return person
  const { written, name, lang } = said
  return { ...person, written, name: name || person.name, lang: lang ?? person.lang }
}

function idsOf(verified: VerifiedToken): number[] | 'malformed' | 'forged' {
  if ('ids' in verified) return verified.ids
  return verified.refused === 'expired' ? verified.signed : verified.refused
}

async function wasSuppressedAt(mailshot: Mailshot, email: string, at: number): Promise<boolean> {
  const suppression = await findSuppression(mailshot, email)
  return suppression !== undefined && suppression.at <= at
}

/** From where a confirmation was followed, as far as it is kept. */
export interface Confirming {
  ip?: string
  userAgent?: string
}

/** Makes active what was asked for until then. The welcome comes first, while a first confirmation can still be told. */
export function confirmStatements(
  mailshot: Mailshot,
  confirmation: Confirmation,
  { ip, userAgent }: Confirming = {},
): SQL[] {
  const { askedAt, person, agreed } = confirmation
  const boxes = JSON.stringify(agreed.map(({ field }) => fieldPrefix + field))
  const now = mailshot.now()
  return [
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'confirm',
      subject: `subscriber:${person.id}`,
      detail: { lists: confirmation.lists },
      when: isAnyPending(confirmation),
    }),
    welcomeStatement(mailshot, confirmation),
    noGoodbyeStatement(person.id, isAnyPending(confirmation)),
    ...profileStatements(confirmation, now),
    sql`UPDATE consents SET confirmed_at = ${now}, said = NULL, confirmed_ip = ${ip ?? null},
          confirmed_user_agent = ${userAgent ?? null}
        WHERE subscriber_id = ${person.id} AND confirmed_at IS NULL AND at <= ${askedAt}
          AND EXISTS (SELECT 1 FROM consents c
            JOIN subscriptions s ON s.subscriber_id = c.subscriber_id AND s.list_id = c.list_id
            WHERE c.subscriber_id = consents.subscriber_id AND c.at = consents.at
              AND (c.id = consents.id OR (c.at = ${askedAt} AND ${isNoneActive(person.id)}
                AND consents.list_id IN (SELECT value FROM json_each(${boxes}))))
              AND s.status <> 'unsubscribed' AND s.asked_at <= c.at)`,
    sql`UPDATE subscriptions SET status = 'active', active_at = ${now}
        WHERE ${isPending(confirmation)}`,
    ...liftOwnStatements(mailshot, person.email, askedAt),
  ]
}

/** Before anything becomes active: what an active reader says of themselves is changed on their own page only. */
function profileStatements({ person, said }: Confirmation, now: number): SQL[] {
  if (!said) return []
  const { id, written, name, lang } = person
  return [
    sql`UPDATE subscribers
        SET written = ${written}, name = ${name}, lang = ${lang}, updated_at = ${now},
          attributes = json_patch(attributes, ${JSON.stringify(said.attributes)})
        WHERE id = ${id} AND ${isNoneActive(id)}`,
  ]
}

function isNoneActive(id: number): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber_id = ${id} AND status = 'active')`
}

function welcomeStatement(mailshot: Mailshot, confirmation: Confirmation): SQL {
  const { config } = mailshot
  const { person, lists } = confirmation
  const places = placesAmong(person, lists)
  const lang = languageOfTexts(config, person.lang)
  const token = signToken(config.secrets, 'preferences', [person.id])
  return queueLetterStatement(mailshot, {
    kind: 'welcome',
    subscriberId: person.id,
    email: person.written,
    lang: person.lang ?? config.lang,
    values: {
      lists: titlesOf(config, places, lang),
      ...keptTold({ lists: places.map(({ list }) => list) }),
      url: linkTo(config, 'preferences', token),
      name: person.name,
    },
    when: sql`${isAnyPending(confirmation)}
      AND NOT EXISTS (SELECT 1 FROM consents
        WHERE subscriber_id = ${person.id} AND confirmed_at IS NOT NULL)`,
  })
}

function isAnyPending(confirmation: Confirmation): SQL {
  return sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${isPending(confirmation)})`
}

function isPending({ person, askedAt }: Confirmation): SQL {
  return sql`subscriber_id = ${person.id} AND status = 'pending' AND asked_at <= ${askedAt}`
}
