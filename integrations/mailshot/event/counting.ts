// Which events count, and from when on: SQL about an event `e` and its recipient `r`, if that is still kept.
import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * When an event happened, as far as it counts. The clocks of reporters differ from ours: nothing is reported of a mail before it was
 * handed over, nor after the report came.
 */
export const countsAt: SQL = sql`min(e.received_at, max(e.at, ifnull(r.in_hand_at, 0)))`

export const isRefusal: SQL = sql`e.type IN ('bounced', 'rejected')`

/** Of refusals, those that will not end by themselves. One that says nothing of it may. */
export const isHard: SQL = sql`e.class IS 'hard'`

/** Of refusals, those about the address or its mailbox; a bounce that does not say what it is about is. */
export const isOfMailbox: SQL = sql`(e.about IN ('address', 'mailbox') OR (e.about IS NULL AND e.type = 'bounced'))`

/** When mail to the address of `e` was allowed again last. */
export const liftedAt: SQL = sql`ifnull((SELECT max(a.at) FROM audit AS a
  WHERE a.subject = 'address:' || e.email AND a.action = 'lift'), 0)`

/** When its owner signed up last, and proved by it, as a rule, that the mailbox works. */
export const startedAt: SQL = sql`ifnull((SELECT max(p.active_at) FROM subscribers AS s
  JOIN subscriptions AS p ON p.subscriber_id = s.id WHERE s.email = e.email), 0)`
