import { hash } from 'node:crypto'
import type { TableValue } from '../tables.ts'
import type { ImportEntry, ImportRow, ImportSubscription } from '../../import.ts'
import type { SuppressionEntry } from '../../suppression/import.ts'
import { perPerson } from '../tables/person.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'
import { formerKeys, type Signer, signerOf } from './former-key.ts'
import { langOf } from './lang.ts'

/** Of the plugin Mailsubscribers, in all its versions. */
export const mailsubscribersTables = {
  mailsubscribers: [
    'id_mailsubscriber integer',
    'email',
    'nom',
    'optin',
    'date',
    'statut',
    'jeton',
    'lang',
    'listes',
  ],
  mailsubscribinglists: ['id_mailsubscribinglist integer', 'identifiant', 'titre', 'statut'],
  mailsubscriptions: [
    'id_mailsubscriber integer',
    'id_mailsubscribinglist integer',
    'id_segment integer',
    'statut',
  ],
  meta: ['nom', 'valeur'],
} as const

export function prepareMailsubscribers(stage: Stage): void {
  stage.run('CREATE INDEX _subscriptions ON mailsubscriptions (id_mailsubscriber)')
  stage.run('CREATE INDEX _lists ON mailsubscribinglists (id_mailsubscribinglist)')
}

interface Joined {
  key: number
  line: number
  email: string | null
  nom: string | null
  optin: string | null
  date: string | null
  statut: string | null
  jeton: string | null
  lang: string | null
  listes: string | null
  listId: number | null
  list: string | null
  place: string | null
}

export interface SpipReading {
  /** What consents call the file. */
  name: string
  timeOf: (text: TableValue | undefined) => number | undefined
  /** Half of the site's secret, where it has it in a file. */
  key?: Uint8Array | undefined
}

/**
 * Everybody with their lists. Segments (`id_segment` > 0) are derived, so they are left out. Who left everything (`refuse`) has left,
 * whatever single subscriptions still say; who never confirmed any, or lies in the trash, is told and left out; an address that is
 * only a hash any more is given by `hashedLeavers`.
 */
export function* mailsubscriberEntries(stage: Stage, reading: SpipReading): Generator<ImportEntry> {
  const sign = readSigner(stage, reading)
  const left = new Map<string, number>()
  for (const rows of people(stage)) {
    const [person] = rows
    if (!person || isObfuscated(person.email)) continue
    const why = leftOut(person)
    if (why !== undefined) left.set(why, (left.get(why) ?? 0) + 1)
    else yield { row: rowOf(rows, reading, sign), line: person.line }
  }
  for (const [why, count] of left) yield { notice: `${count} people ${why} are left out` }
}

/**
 * Those who left everything, and of whose address SPIP keeps the MD5 alone: it takes their place before `@example.org`. Who came back,
 * and is here by their address too, is none.
 */
export function* hashedLeavers(
  stage: Stage,
  { name, timeOf }: SpipReading,
): Generator<SuppressionEntry> {
  const leavers = new Map<string, { line: number; at: number | undefined }>()
  const hashed = stage.all<{ email: string; line: number; date: string | null }>(
    `SELECT email, _line AS line, date FROM mailsubscribers WHERE email LIKE '%@example.org' ORDER BY rowid`,
  )
  for (const { email, line, date } of hashed) {
    if (isObfuscated(email)) leavers.set(email.slice(0, 32), { line, at: timeOf(date) })
  }
  if (leavers.size > 0) {
    const all = stage.all<{ email: string | null }>('SELECT email FROM mailsubscribers')
    for (const { email } of all) leavers.delete(hash('md5', email ?? ''))
  }
  for (const [address, { line, at }] of leavers) {
    const left = { reason: 'unsubscribe', note: `left everything, as ${name} says` }
    yield { line, address, ...left, ...(at !== undefined && { at }) }
  }
}

function isObfuscated(email: string | null): boolean {
  return /^[\da-f]{32}@example\.org$/.test(email ?? '')
}

function leftOut({ statut, place, listes }: Joined): string | undefined {
  if (statut === 'poubelle') return 'in the trash of SPIP'
  if (statut === 'refuse' || place !== null || listes) return undefined
  return 'without any subscription'
}

function people(stage: Stage): Generator<Joined[]> {
  const rows = stage.all<Joined>(`
    SELECT s.rowid AS key, s._line AS line, s.email, s.nom, s.optin, s.date, s.statut, s.jeton, s.lang, s.listes,
      l.id_mailsubscribinglist AS listId, l.identifiant AS list, p.statut AS place
    FROM mailsubscribers s
    LEFT JOIN mailsubscriptions p ON p.id_mailsubscriber = s.id_mailsubscriber AND coalesce(p.id_segment, 0) = 0
    LEFT JOIN mailsubscribinglists l ON l.id_mailsubscribinglist = p.id_mailsubscribinglist
    ORDER BY s.rowid`)
  return perPerson(rows, (row) => row.key)
}

function rowOf(
  rows: readonly Joined[],
  { name, timeOf }: SpipReading,
  sign: Signer | undefined,
): ImportRow {
  const { email, nom, lang, date, statut, jeton, optin, listes } = rows[0] ?? emptyPerson
  const at = timeOf(date)
  const hasLeft = statut === 'refuse'
  const places = listes ? oldPlaces(listes, statut ?? '') : rows.flatMap(placeOf)
  const subscriptions = places.map(({ list, status }): ImportSubscription => {
    const isActive = status === 'active' && !hasLeft
    return {
      list,
      status: hasLeft ? 'unsubscribed' : status,
      ...(at !== undefined && { askedAt: at, ...(isActive && { activeAt: at }) }),
    }
  })
  const log = repaired(optin).trim().slice(0, longestLog)
  // Where there is none, the import notes its own.
  const consented = log === '' || at === undefined ? undefined : subscriptions
  const lists = rows.flatMap(({ listId }) => listId ?? [])
  const token = jeton ?? ''
  const keys =
    sign === undefined || token === '' ? [] : formerKeys(sign, { email: email ?? '', token, lists })
  return {
    email: (email ?? '').trim(),
    name: repaired(nom),
    lang: langOf(lang),
    subscriptions,
    ...(at !== undefined && { createdAt: at }),
    ...(hasLeft && {
      suppressed: 'unsubscribe',
      suppressionNote: `left everything, as ${name} says`,
    }),
    formerIds: keys.map((id) => ({ source: 'spip', id })),
    consents: consented
      ?.filter(({ status }) => status === 'active')
      .map(({ list }) => ({ list, at: at ?? 0, form: `${name}: ${log}`, confirmedAt: at ?? 0 })),
  }
}

/** SPIP's log of consents, in words; longer ones tell the same again and again. */
const longestLog = 2000

type Status = 'active' | 'pending' | 'unsubscribed'
const statuses: Record<string, Status> = {
  valide: 'active',
  prop: 'pending',
  refuse: 'unsubscribed',
}

function placeOf({ list, place }: Joined): { list: string; status: Status }[] {
  // Of a list that is gone there is nothing to subscribe to.
  if (list === null || place === null) return []
  return [{ list, status: statuses[place] ?? 'pending' }]
}

/** Before there were subscriptions: `newsletter::weekly,newsletter::product`, all of the person's own status. */
function oldPlaces(listes: string, statut: string): { list: string; status: Status }[] {
  const names = listes.split(',').map((name) => name.trim().replace(/^newsletter::/, ''))
  const status = statuses[statut] ?? 'pending'
  return names.filter(Boolean).map((list) => ({ list, status }))
}

function readSigner(stage: Stage, { key }: SpipReading): Signer | undefined {
  const [row] = stage.all<{ valeur: string | null }>(
    `SELECT valeur FROM meta WHERE nom = 'secret_du_site'`,
  )
  return signerOf(row?.valeur ?? '', key)
}

const emptyPerson: Partial<Joined> = {}
