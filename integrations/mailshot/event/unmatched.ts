import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import type { Report } from './fact.ts'
import { matchByProviderId } from './match.ts'
import { factStatements } from './slice.ts'

/** An outcome is written down within seconds, and within minutes where the database had to be waited for. */
const lateMs = 15 * 60_000
/** Of the latest that matched nothing, as many are looked at; an account may serve others too, whose mails never match. */
const most = 1000

/**
 * Matches once more what was reported lately of a mail that is known by the provider's id alone: a report may come in before the
 * answer is written down that named this id. It is as if the report had come after it. Cheap where there is none, so that a worker
 * may call it twice a second.
 */
export async function matchLateAnswers(mailshot: Mailshot): Promise<void> {
  const rows = await readCandidates(mailshot)
  if (rows.length === 0) return
  const facts = await matchByProviderId(mailshot, rows)
  if (facts.length === 0) return
  const receivedAt = new Map(rows.map(({ key, receivedAt: at }) => [key, at]))
  const keys = JSON.stringify(facts.map(({ key }) => key))
  const now = mailshot.now()
  const groups = Map.groupBy(facts, ({ key }) => receivedAt.get(key) ?? now)
  const statements = [...groups].map(([at, group]) =>
    factStatements(mailshot, group, { receivedAt: at, now }),
  )
  await mailshot.db.write(
    // Written anew as a whole: where another worker was faster, there is nothing to delete, and to write.
    sql`DELETE FROM events WHERE key IN (SELECT value FROM json_each(${keys})) AND matched_by IS NULL AND send_id IS NULL`,
    ...(await Promise.all(statements)).flat(),
  )
}

type Candidate = Report & { receivedAt: number }
type CandidateRow = Omit<Candidate, 'isMachine'> & { isMachine: number }

/** Those about somebody of whose mails an answer was written down since, or shortly before. */
async function readCandidates({ db, now }: Mailshot): Promise<Candidate[]> {
  const rows = await db.all<CandidateRow>(sql`
    SELECT e.key, e.transport, e.type, e.word, e.at, e.received_at AS receivedAt, e.email, e.class, e.about, e.status, e.reason,
      e.url, e.message_id AS messageId, NULL AS ourId, NULL AS token, e.provider_event_id AS providerEventId,
      e.is_machine AS isMachine, e.raw
    FROM (SELECT id FROM events WHERE matched_by IS NULL ORDER BY id DESC LIMIT ${most}) AS u
      CROSS JOIN events AS e ON e.id = u.id
    WHERE e.received_at >= ${now() - lateMs} AND e.message_id IS NOT NULL AND e.send_id IS NULL
      AND EXISTS (SELECT 1 FROM recipients AS r
        WHERE r.email = e.email AND r.provider_id IS NOT NULL AND r.settled_at >= ${now() - 2 * lateMs})
    ORDER BY e.id`)
  return rows.map((row) => ({ ...row, isMachine: row.isMachine === 1 }))
}
