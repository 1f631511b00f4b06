import type { SuppressionReason } from '../../../../db/status.ts'
import type { ImportEntry, ImportRow, ImportSubscription } from '../../import.ts'
import { perPerson } from '../tables/person.ts'
import type { Stage } from '../tables/stage.ts'
import { zonedTime } from '../tables/zoned-time.ts'
import { readAttributes } from './attributes.ts'

export const listmonkTables = {
  subscribers: ['id integer', 'uuid', 'email', 'name', 'attribs', 'status', 'created_at'],
  lists: ['id integer', 'name', 'optin'],
  subscriber_lists: [
    'subscriber_id integer',
    'list_id integer',
    'status',
    'created_at',
    'updated_at',
  ],
  bounces: ['subscriber_id integer', 'type'],
} as const

export function prepareListmonk(stage: Stage): void {
  stage.run('CREATE INDEX _places ON subscriber_lists (subscriber_id)')
  stage.run('CREATE INDEX _bounces ON bounces (subscriber_id)')
  stage.run('CREATE INDEX _views ON campaign_views (campaign_id)')
  stage.run('CREATE INDEX _clicks ON link_clicks (campaign_id)')
}

interface Joined {
  key: number
  line: number
  id: number
  uuid: string | null
  email: string | null
  name: string | null
  attribs: string | null
  status: string | null
  created_at: string | null
  list: string | null
  optin: string | null
  place: string | null
  asked: string | null
  changed: string | null
}

/**
 * Everybody with their lists. A list of single opt-in mails who is unconfirmed too, so they are active here. Who is blocklisted is
 * suppressed: by the gravest of their bounces, else as somebody who left everything, which listmonk notes so. Who is on no list is
 * told and left out.
 */
export function* listmonkEntries(stage: Stage, file: string): Generator<ImportEntry> {
  let onNone = 0
  for (const rows of people(stage)) {
    const [person] = rows
    if (person && (person.list !== null || person.status !== 'enabled')) {
      yield { row: rowOf(rows, { file, bounced: gravestBounce(stage, person) }), line: person.line }
    } else onNone += 1
  }
  if (onNone > 0) yield { notice: `${onNone} people on no list are left out` }
}

function people(stage: Stage): Generator<Joined[]> {
  const rows = stage.all<Joined>(`
    SELECT s.rowid AS key, s._line AS line, s.id, s.uuid, s.email, s.name, s.attribs, s.status, s.created_at, l.name AS list, l.optin,
      p.status AS place, p.created_at AS asked, p.updated_at AS changed
    FROM subscribers s LEFT JOIN subscriber_lists p ON p.subscriber_id = s.id LEFT JOIN lists l ON l.id = p.list_id
    ORDER BY s.rowid`)
  return perPerson(rows, (row) => row.key)
}

function rowOf(
  rows: readonly Joined[],
  { file, bounced }: { file: string; bounced: SuppressionReason | undefined },
): ImportRow {
  const [person] = rows
  const { status, uuid } = person ?? {}
  const isOut = status === 'blocklisted' || status === 'disabled'
  const createdAt = zonedTime(person?.created_at)
  const reason = status === 'disabled' ? 'manual' : (bounced ?? 'unsubscribe')
  return {
    email: person?.email ?? '',
    name: person?.name ?? '',
    ...readAttributes(person?.attribs ?? ''),
    subscriptions: rows.flatMap((row) => placeOf(row, isOut)),
    ...(createdAt !== undefined && { createdAt }),
    ...(isOut && { suppressed: reason, suppressionNote: `${status}, as ${file} says` }),
    formerIds: uuid ? [{ source: 'listmonk', id: uuid }] : [],
  }
}

function placeOf(
  { list, optin, place, asked, changed }: Joined,
  isOut: boolean,
): ImportSubscription[] {
  if (list === null) return []
  const askedAt = zonedTime(asked)
  const known = { list, ...(askedAt !== undefined && { askedAt }) }
  if (isOut || place === 'unsubscribed') {
    const endedAt = zonedTime(changed)
    return [{ ...known, status: 'unsubscribed', ...(endedAt !== undefined && { endedAt }) }]
  }
  if (place !== 'confirmed' && optin === 'double') return [{ ...known, status: 'pending' }]
  return [{ ...known, status: 'active', ...(askedAt !== undefined && { activeAt: askedAt }) }]
}

function gravestBounce(stage: Stage, { id, status }: Joined): SuppressionReason | undefined {
  if (status !== 'blocklisted') return undefined
  const types = stage.all<{ type: string }>(
    'SELECT DISTINCT type FROM bounces WHERE subscriber_id = ?',
    id,
  )
  const known = Array.from(types, ({ type }) => type)
  if (known.includes('complaint')) return 'complaint'
  return known.length > 0 ? 'hard-bounce' : undefined
}
