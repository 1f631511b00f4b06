import { sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../../db/schema.ts'
import type { SuppressionReason } from '../../../db/status.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Subscription } from './read.ts'

/** A subscriber as their own pages show them. */
export interface Person {
  id: number
  /** The identity: normalised. */
  email: string
  /** As written: mail goes to this form. */
  written: string
  name: string
  lang: string | null
  /** Why the address gets nothing, if it does. */
  suppressed: SuppressionReason | null
  /** Whether they agree to be counted by name. */
  isTracked: boolean
  /** Until when they get no mail, where that is to come. */
  pausedUntil: number | undefined
  /** What they have said of themselves in the site's own fields. */
  attributes: Record<string, AttributeValue>
  /** The lists that they are or were on: those of the config in its order, then those that vanished from it. */
  places: Place[]
}

export interface Place {
  list: string
  status: Subscription['status']
  /** The list's public title, as the config has it, or had it last. */
  title: string | Record<string, string>
}

/**
 * The person behind a link, who may have another number by now: two that turned out to be one have the number of one of them. Undefined
 * when there is nobody, or not any more.
 */
export async function findPerson(mailshot: Mailshot, id: number): Promise<Person | undefined> {
  const person = await mailshot.db.get<
    Omit<Person, 'places' | 'isTracked' | 'pausedUntil' | 'attributes'> & PersonColumns
  >(sql`
    SELECT s.id, s.email, s.written, s.name, s.lang, x.reason AS suppressed,
      s.tracking_agreed_at IS NOT NULL AS agreed, s.paused_until AS until, s.attributes AS said
    FROM subscribers AS s LEFT JOIN suppressions AS x ON x.email = s.email
    WHERE s.id = coalesce((SELECT subscriber_id FROM former_ids WHERE source = 'mailshot' AND id = ${String(id)}), ${id})`)
  if (!person) return undefined
  const rows = await mailshot.db.all<Omit<Place, 'title'> & { title: string }>(sql`
    SELECT p.list_id AS list, p.status, l.title
    FROM subscriptions AS p JOIN lists AS l ON l.id = p.list_id
    WHERE p.subscriber_id = ${person.id} ORDER BY p.list_id`)
  const order = Object.keys(mailshot.config.lists)
  const rank = (list: string) => (order.includes(list) ? order.indexOf(list) : order.length)
  const places = rows.map((row) => ({ ...row, title: JSON.parse(row.title) }))
  const { agreed, until, said, ...known } = person
  return {
    ...known,
    isTracked: agreed === 1,
    pausedUntil: until !== null && until > mailshot.now() ? until : undefined,
    attributes: JSON.parse(said),
    places: places.toSorted((a, b) => rank(a.list) - rank(b.list)),
  }
}

interface PersonColumns {
  agreed: number
  until: number | null
  said: string
}

/** Where a person is, or waits to be. */
export function openPlaces({ places }: Person): Place[] {
  return places.filter(({ status }) => status !== 'unsubscribed')
}

/** The places of a person among some lists, in the order of all. */
export function placesAmong({ places }: Pick<Person, 'places'>, lists: readonly string[]): Place[] {
  return places.filter(({ list }) => lists.includes(list))
}

/** The ids of the lists on which a person has that status, as far as asked for until then. */
export async function findLists(
  mailshot: Mailshot,
  subscriberId: number,
  { status, askedUntil }: { status: 'active' | 'pending'; askedUntil?: number },
): Promise<string[]> {
  const rows = await mailshot.db.all<{ listId: string }>(
    sql`SELECT list_id AS listId FROM subscriptions
        WHERE subscriber_id = ${subscriberId} AND status = ${status} AND asked_at <= ${askedUntil ?? Number.MAX_SAFE_INTEGER}
        ORDER BY list_id`,
  )
  return rows.map((row) => row.listId)
}
