import type { ImportEntry, ImportRow, ImportSubscription } from '../../import.ts'
import type { SuppressionEntry } from '../../suppression/import.ts'
import { parseReason } from '../../suppression/merge.ts'
import { perPerson } from '../tables/person.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'
import type { timeReader } from '../tables/time.ts'
import { attributeReader, type Attributes } from './attribute.ts'

/** Columns of phpList 2.x and 3.x. */
export const phplistTables = {
  user_user: [
    'id integer',
    'email',
    'confirmed integer',
    'blacklisted integer',
    'disabled integer',
    'entered',
    'uniqid',
    'uuid',
  ],
  user_attribute: ['id integer', 'name', 'type', 'tablename'],
  user_user_attribute: ['attributeid integer', 'userid integer', 'value'],
  listattr: ['_table', 'id integer', 'name'],
  list: ['id integer', 'name'],
  listuser: ['userid integer', 'listid integer', 'entered'],
  user_blacklist: ['email', 'added'],
  user_blacklist_data: ['email', 'name', 'data'],
} as const

export function preparePhplist(stage: Stage): void {
  stage.run('CREATE INDEX _listuser ON listuser (userid)')
  stage.run('CREATE INDEX _values ON user_user_attribute (userid)')
  stage.run('CREATE INDEX _blacklist ON user_blacklist (email COLLATE NOCASE)')
  stage.run('CREATE INDEX _reasons ON user_blacklist_data (email COLLATE NOCASE)')
  stage.run('CREATE INDEX _received ON usermessage (messageid)')
  stage.run('CREATE INDEX _users ON user_user (id)')
  stage.run('CREATE INDEX _addresses ON user_user (email COLLATE NOCASE)')
}

export interface PhplistReading {
  /** What messages and notes call the file. */
  name: string
  timeOf: ReturnType<typeof timeReader>
}

interface Joined {
  key: number
  line: number
  id: number
  email: string | null
  confirmed: number | null
  blacklisted: number | null
  disabled: number | null
  entered: string | null
  uniqid: string | null
  uuid: string | null
  list: string | null
  joined: string | null
  added: string | null
  reason: string | null
}

/**
 * Everybody with their lists. Who is not confirmed is pending. Who is on the blacklist is suppressed for the reason that stands there,
 * as somebody who left where none does; a disabled account is suppressed by hand. Who is on no list is told and left out.
 */
export function* phplistEntries(stage: Stage, reading: PhplistReading): Generator<ImportEntry> {
  const attributesOf = attributeReader(stage)
  let onNone = 0
  for (const rows of people(stage)) {
    const [person] = rows
    const isKnown = person?.list !== null || isKeptOut(person)
    if (person && isKnown) yield { row: rowOf(rows, reading, attributesOf), line: person.line }
    else onNone += 1
  }
  if (onNone > 0) yield { notice: `${onNone} people on no list are left out` }
}

/** What the blacklist holds of addresses that are nobody's any more. */
export function* phplistBlacklist(
  stage: Stage,
  { name, timeOf }: PhplistReading,
): Generator<SuppressionEntry> {
  const rows = stage.all<{
    email: string | null
    added: string | null
    line: number
    reason: string | null
  }>(`
    SELECT b.email, b.added, b._line AS line, ${reasonOf('b.email')} AS reason FROM user_blacklist b
    WHERE NOT EXISTS (SELECT 1 FROM user_user u WHERE u.email = b.email COLLATE NOCASE) ORDER BY b.rowid`)
  for (const { email, added, line, reason } of rows) {
    const at = timeOf(added)
    const why = { reason: suppressionOf(reason), note: noteOf(name, reason) }
    yield { line, address: email ?? '', ...why, ...(at !== undefined && { at }) }
  }
}

function reasonOf(email: string): string {
  return `(SELECT d.data FROM user_blacklist_data d
    WHERE d.email = ${email} COLLATE NOCASE AND d.name = 'reason' LIMIT 1)`
}

function people(stage: Stage): Generator<Joined[]> {
  const rows = stage.all<Joined>(`
    SELECT u.rowid AS key, u._line AS line, u.id, u.email, u.confirmed, u.blacklisted, u.disabled, u.entered, u.uniqid,
      u.uuid, l.name AS list, p.entered AS joined, ${reasonOf('u.email')} AS reason,
      (SELECT b.added FROM user_blacklist b WHERE b.email = u.email COLLATE NOCASE LIMIT 1) AS added
    FROM user_user u LEFT JOIN listuser p ON p.userid = u.id LEFT JOIN list l ON l.id = p.listid
    ORDER BY u.rowid`)
  return perPerson(rows, (row) => row.key)
}

function isKeptOut(person: Joined | undefined): boolean {
  return person !== undefined && Boolean(person.blacklisted || person.disabled || person.added)
}

function rowOf(
  rows: readonly Joined[],
  { name: file, timeOf }: PhplistReading,
  attributesOf: (userId: number) => Attributes,
): ImportRow {
  const [person] = rows
  const { name, lang, attributes } = attributesOf(person?.id ?? 0)
  const isOut = isKeptOut(person)
  const endedAt = timeOf(person?.added)
  const subscriptions = rows.flatMap(({ list: stored, joined }): ImportSubscription[] => {
    if (stored === null) return []
    const [list, askedAt] = [repaired(stored), timeOf(joined) ?? timeOf(person?.entered)]
    if (isOut) return [{ list, status: 'unsubscribed', askedAt, endedAt }]
    if (!person?.confirmed) return [{ list, status: 'pending', askedAt }]
    return [{ list, status: 'active', askedAt, activeAt: askedAt }]
  })
  const isBlack = Boolean(person?.blacklisted || person?.added)
  const createdAt = timeOf(person?.entered)
  return {
    email: person?.email?.trim() ?? '',
    name,
    lang,
    attributes,
    subscriptions,
    ...(createdAt !== undefined && { createdAt }),
    ...(isOut && {
      suppressed: isBlack ? suppressionOf(person?.reason ?? null) : 'manual',
      suppressionNote: isBlack ? noteOf(file, person?.reason ?? null) : `disabled, as ${file} says`,
      ...(endedAt !== undefined && { suppressedAt: endedAt }),
    }),
    formerIds: [person?.uniqid, person?.uuid].flatMap((id) =>
      id ? [{ source: 'phplist', id }] : [],
    ),
  }
}

function suppressionOf(reason: string | null) {
  return parseReason(reason ?? '') ?? 'unsubscribe'
}

function noteOf(name: string, reason: string | null): string {
  return `on the blacklist, as ${name} says${reason ? `: ${reason.slice(0, 200)}` : ''}`
}
