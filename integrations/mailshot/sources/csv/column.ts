import { didYouMean } from '../../closest.ts'
import { parseEmailAddress, parseMailbox } from '../../email-address.ts'
import { MailshotError } from '../../error.ts'
import type { ImportRow } from '../../import.ts'
import { bareFormula } from './formula.ts'

/** Which column holds what. A column may be part of the name and an attribute of its own. */
export interface Columns extends Partial<Record<Role, number>> {
  header: string[]
  attributes: { field: string; index: number }[]
  notices: string[]
  /** A plain list of addresses: its first line is a row already. */
  isHeaderless: boolean
}

type Role =
  'email' | 'name' | 'first' | 'last' | 'lang' | 'timeZone' | 'lists' | 'status' | 'confirmedAt'

// `nom` alone is the whole name; beside `prenom` it is the last one.
const roles: Record<Role, string[]> = {
  email: words(`email e_mail mail courriel adresse adresse_email adresse_e_mail adresse_mail
    adresse_electronique email_address e_mail_address mail_address address`),
  name: words('name full_name fullname nom_complet'),
  first: words('prenom first_name firstname given_name'),
  last: words('nom nom_de_famille last_name lastname surname family_name'),
  lang: words('lang langue language locale'),
  timeZone: words('time_zone timezone tz fuseau fuseau_horaire'),
  lists: words('lists list listes liste'),
  status: words('status statut state etat'),
  confirmedAt: words(
    'confirmed_at confirmedat confirmed date_confirmation date_inscription subscribed_at optin_time',
  ),
}

const statuses = {
  active: words('active actif subscribed confirmed enabled valide inscrit abonne publie'),
  pending: words('pending prop unconfirmed waiting en_attente a_confirmer a_valider'),
  unsubscribed:
    words(`unsubscribed refuse desinscrit desabonne resilie optout opt_out inactive disabled
    bounced cleaned blocked blocklisted complained suppressed poubelle`),
}

/** What the caller knows of the columns. */
export interface KnownColumns {
  /** The attributes that the config declares. */
  fields: readonly string[]
  /** Headers by what they hold: a name of `columnNames`, or a field. */
  columns: Readonly<Record<string, string>>
  name: string
  /** ms since 1970, undefined for none, or what is wrong with a date. */
  timeOf: (text: string) => number | undefined | string
}

/**
 * Reads the header line; columns that nothing is known of are told in `notices`.
 *
 * @throws MailshotError for a header that the caller names and that is not there
 */
export function columnsOf(header: string[], known: KnownColumns): Columns {
  const [only = ''] = header
  if (header.length === 1 && parseEmailAddress(only)) {
    return { header, email: 0, attributes: [], notices: [], isHeaderless: true }
  }
  const columns: Columns = { header, attributes: [], notices: [], isHeaderless: false }
  const given = givenColumns(header, known, columns)
  for (const [index, text] of header.entries()) {
    const word = wordOf(text)
    if (given.has(index) || rejectColumns.includes(word)) continue
    const role = roleOf(word)
    const isRole = role !== undefined && columns[role] === undefined
    if (isRole) columns[role] = index
    const isField = known.fields.includes(word) && !(word in known.columns)
    if (isField) columns.attributes.push({ field: word, index })
    if (!isRole && !isField && word !== '') {
      columns.notices.push(ignored(text, role, known.fields))
    }
  }
  return columns
}

/** What a file of rejected rows has before their own columns. */
export const rejectColumns = ['mailshot_line', 'mailshot_cause']

/** Puts the columns in their place that the caller names; answers which these are. */
function givenColumns(header: string[], known: KnownColumns, columns: Columns): Set<number> {
  const indexes = new Set<number>()
  for (const [what, text] of Object.entries(known.columns)) {
    const exact = header.findIndex((one) => one.trim() === text.trim())
    const index = exact < 0 ? header.findIndex((one) => wordOf(one) === wordOf(text)) : exact
    if (index < 0) {
      throw new MailshotError(
        `--column ${what}="${text}": ${known.name} has no such column; ${didYouMean(text, header)}`,
      )
    }
    const role = columnNames.get(what)
    if (role) columns[role] = index
    else columns.attributes.push({ field: what, index })
    indexes.add(index)
  }
  return indexes
}

/** Reads one record; a text says why it cannot be one. */
export function rowOf(
  values: string[],
  columns: Columns,
  timeOf: KnownColumns['timeOf'],
): ImportRow | string {
  const beyond = values.slice(columns.header.length).filter((value) => value.trim() !== '')
  if (beyond.length > 0) {
    return `${values.length} fields where the header has ${columns.header.length}; quote fields that hold the delimiter`
  }
  const valueOf = (role: Role) => {
    const index = columns[role]
    return index === undefined ? '' : cellOf(values[index]?.trim() ?? '')
  }
  const status = statusOf(valueOf('status'))
  if (!status) return `status "${valueOf('status')}" is none of active, pending, unsubscribed`
  const confirmedAt = timeOf(valueOf('confirmedAt'))
  if (typeof confirmedAt === 'string') return confirmedAt
  const { email, name } = addressOf(valueOf('email'))
  return {
    email,
    name: valueOf('name') || `${valueOf('first')} ${valueOf('last')}`.trim() || name,
    lang: valueOf('lang'),
    timeZone: valueOf('timeZone'),
    lists: listsOf(valueOf('lists')),
    status,
    attributes: Object.fromEntries(
      columns.attributes.map(({ field, index }) => [field, cellOf(values[index] ?? '')]),
    ),
    ...(confirmedAt !== undefined && { confirmedAt }),
  }
}

/** Separated by commas, semicolons or bars; also by spaces, where all are names as our own lists have them. */
function listsOf(text: string): string[] {
  if (text === '') return []
  const areOurs = /^[a-z][a-z0-9_-]*(?:\s+[a-z][a-z0-9_-]*)*$/.test(text)
  const parts = text.split(areOurs ? /\s+/ : /[,;|]/)
  return parts.map((part) => part.trim()).filter(Boolean)
}

function ignored(text: string, role: Role | undefined, fields: readonly string[]): string {
  if (role) return `column "${text}" is ignored: another one holds the ${role} already`
  const known = [
    ...'email name lang time_zone lists status confirmed_at'.split(' '),
    ...fields,
  ].join(', ')
  return `column "${text}" is ignored (known: ${known}); declare it in "fields" of mailshot.config.ts to keep it`
}

function roleOf(word: string): Role | undefined {
  return roleNames.find((role) => roles[role].includes(word))
}

const roleNames = [
  'email',
  'name',
  'first',
  'last',
  'lang',
  'timeZone',
  'lists',
  'status',
  'confirmedAt',
] as const

/** What the columns are called that a caller may name. */
export const columnNames: ReadonlyMap<string, Role> = new Map([
  ...roleNames.map((role) => [role, role] as const),
  ['first_name', 'first'],
  ['last_name', 'last'],
  ['time_zone', 'timeZone'],
  ['confirmed_at', 'confirmedAt'],
])

/** A header as a word of a–z, digits and _: `Prénom ` is `prenom`. */
function wordOf(text: string): string {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '')
}

function statusOf(text: string): ImportRow['status'] {
  const word = wordOf(text)
  if (word === '' || statuses.active.includes(word)) return 'active'
  if (statuses.pending.includes(word)) return 'pending'
  return statuses.unsubscribed.includes(word) ? 'unsubscribed' : undefined
}

/** Spreadsheets write what is to stay a text as a formula: `="00123"`. */
function cellOf(text: string): string {
  return /^="([^"]*)"$/.exec(text)?.[1] ?? bareFormula(text)
}

/** Also as a mail program copies it, `Zoé <zoe@example.org>`, and as a link. */
function addressOf(text: string): { email: string; name: string } {
  const bare = text.replace(/^mailto:/i, '')
  const mailbox = bare.endsWith('>') ? parseMailbox(bare) : undefined
  return mailbox ? { email: mailbox.address, name: mailbox.name } : { email: bare, name: '' }
}

function words(text: string): string[] {
  return text.split(/\s+/)
}
