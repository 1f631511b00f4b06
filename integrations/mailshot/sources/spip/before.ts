import type { ImportEntry, ImportSubscription } from '../../import.ts'
import type { SubscriptionStatus } from '../../import/row.ts'
import type { FormerRecipient, FormerSend } from '../../import/history.ts'
import type { SuppressionEntry } from '../../suppression/import.ts'
import { perPerson } from '../tables/person.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'
import { type Ancestor, ancestors } from './ancestor.ts'
import { langOf } from './lang.ts'
import type { SpipReading } from './mailsubscribers.ts'
import { plainTitle } from './text.ts'

export const ancestorTables: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ancestors.flatMap(({ tables }) => Object.entries(tables)),
)

/** Tables of which one at least has rows, where one of those plugins was there. */
export const ancestorMarks: readonly string[] = [
  ...ancestors.map(({ shownBy }) => shownBy),
  'desabonnes',
  'courriers',
  'lettres',
  'cm_posts',
]

/** What is joined, by what it is joined with. */
export function prepareAncestors(stage: Stage): void {
  const joined = {
    auteurs: 'id_auteur',
    auteurs_listes: 'id_auteur',
    auteurs_elargis: 'id_auteur',
    auteurs_courriers: 'id_courrier',
    abonnes: 'id_abonne',
    abonnes_rubriques: 'id_abonne',
    abonnes_lettres: 'id_lettre',
    desabonnes: 'email COLLATE NOCASE',
    cm_subscribers: 'sub_id',
    cm_lists_subscribers: 'sub_id',
    cm_pending: 'sub_id',
    cm_posts_done: 'pst_id',
  }
  for (const [table, column] of Object.entries(joined)) {
    stage.run(`CREATE INDEX _by_${table} ON ${table} (${column})`)
  }
}

interface Person {
  key: number
  line: number
  email: string | null
  name: string | null
  lang: string | null
  list: string | null
  place: SubscriptionStatus
  at: string | null
}

/** The people of plugins that a site had before Mailsubscribers, which has taken them over where it is there. */
export function* ancestorEntries(stage: Stage, { timeOf }: SpipReading): Generator<ImportEntry> {
  if (stage.has('mailsubscribers')) return
  for (const { shownBy, people } of ancestors) {
    if (!stage.has(shownBy)) continue
    for (const rows of perPerson(stage.all<Person>(people), ({ key }) => key)) {
      const [person] = rows
      if (!person) continue
      const subscriptions = rows.map(({ list, place, at }): ImportSubscription => {
        const since = timeOf(at)
        const dates = { askedAt: since, ...(place === 'active' && { activeAt: since }) }
        return { list: plainTitle(list), status: place, ...(since !== undefined && dates) }
      })
      const email = person.email?.trim() ?? ''
      const name = repaired(person.name)
      yield { row: { email, name, lang: langOf(person.lang), subscriptions }, line: person.line }
    }
  }
}

/** Those whom SPIP-Lettres remembers as having left. */
export function* ancestorLeavers(stage: Stage, { name }: SpipReading): Generator<SuppressionEntry> {
  if (stage.has('mailsubscribers')) return
  const rows = stage.all<{ email: string | null; line: number }>(
    'SELECT email, _line AS line FROM desabonnes ORDER BY rowid',
  )
  for (const { email, line } of rows) {
    yield { line, address: email ?? '', reason: 'unsubscribe', note: `left, as ${name} says` }
  }
}

interface Sent {
  id: number
  subject: string | null
  html: string | null
  text: string | null
  startedAt: string | number | null
  finishedAt: string | number | null
  status: FormerSend['status']
  total: number | null
  sent: number | null
  failed: number | null
}

/** What those plugins sent, where Mailshot has not taken that over. */
export function* ancestorSends(stage: Stage, reading: SpipReading): Generator<FormerSend> {
  if (stage.has('mailshots')) return
  for (const ancestor of ancestors) {
    if (ancestor.sends === undefined) continue
    const ids = Array.from(stage.all<{ id: number }>(ancestor.sends), ({ id }) => id)
    for (const id of ids) {
      const [row] = stage.all<Sent>(`SELECT * FROM (${ancestor.sends}) WHERE id = ?`, id)
      if (row) yield sendOf(stage, row, { ancestor, timeOf: reading.timeOf })
    }
  }
}

function sendOf(
  stage: Stage,
  row: Sent,
  { ancestor, timeOf }: { ancestor: Ancestor; timeOf: SpipReading['timeOf'] },
): FormerSend {
  const momentOf = (at: string | number | null) => (typeof at === 'number' ? at : timeOf(at))
  const startedAt = momentOf(row.startedAt) ?? momentOf(row.finishedAt)
  const { total, sent, failed } = row
  return {
    id: `${ancestor.name}-${row.id}`,
    subject: plainTitle(row.subject),
    html: withoutTokens(row.html),
    text: withoutTokens(row.text),
    lists: [],
    startedAt,
    finishedAt: momentOf(row.finishedAt) ?? startedAt,
    status: row.status,
    counts: {
      total: total ?? 0,
      sent: sent ?? 0,
      failed: failed ?? 0,
      opened: 0,
      clicked: 0,
      complained: 0,
    },
    *recipients() {
      const all = stage.all<
        Pick<FormerRecipient, 'status'> & Record<'email' | 'at', string | null>
      >(ancestor.recipients ?? '', row.id)
      for (const { email, status, at } of all) {
        yield { email: email ?? '', status, at: timeOf(at), reports: [] }
      }
    },
  }
}

/** SPIP-Listes left marks of its own in what it sent. */
function withoutTokens(text: string | null): string {
  return repaired(text).replace(/__bLg__[\d@.A-Z_-]*?__bLg__/g, '')
}
