import { type SQL, sql } from 'drizzle-orm/sql'

/** Whether a person has answered, since they were asked, that they want to stay: by the button, or by signing up again. */
export function hasStayed(subscriberId: SQL, listId: SQL, since: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = ${subscriberId} AND c.list_id = ${listId}
    AND ((c.source = 're-consent' AND c.form = 'stay') OR c.source <> 're-consent') AND c.confirmed_at >= ${since})`
}

/** The same, or who takes a break since they were asked: its words say that they stay. */
export function hasAnswered(subscriberId: SQL, listId: SQL, since: SQL): SQL {
  return sql`(${hasStayed(subscriberId, listId, since)} OR EXISTS (SELECT 1 FROM audit AS a
    WHERE a.subject = 'subscriber:' || ${subscriberId} AND a.action = 'pause' AND a.at >= ${since}))`
}
