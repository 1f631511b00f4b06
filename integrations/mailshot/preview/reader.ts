import type { CompiledCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { fill } from '../texts.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Reader, variantFor } from '../message.ts'
import { sampleReader } from '../message/sample.ts'
import { readProfile } from '../profile.ts'
import { findSubscriber, type Subscriber } from '../subscriber/read.ts'
import type { Words } from './words.ts'

/** Whom a mail is shown for. */
export interface ShownReader {
  reader: Reader
  /** The address of the subscriber who was asked for, known or not; undefined for an invented reader. */
  asked: string | undefined
  /** What the editor should know: about a value that cannot be used, a person who would get nothing. */
  notes: Note[]
}

/** A note in the preview's words, or in another language. */
export interface Note {
  text: string
  lang?: string
}

/** Opens the database whose subscribers may be looked at. */
export type OpenSubscribers = () => Promise<Mailshot>

/**
 * The reader that a query describes: the subscriber `as`, where subscribers may be looked at, else an invented one with
 * the query's values. Its links lead nowhere, so that nobody is unsubscribed by looking, or by sharing the page.
 */
export async function readReader(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  { query, words, open }: { query: URLSearchParams; words: Words; open?: OpenSubscribers },
): Promise<ShownReader> {
  const asked = query.get('as')?.trim() || undefined
  const found = asked === undefined ? undefined : await findPerson(asked, words, open)
  const notes: Note[] = []
  const person = typeof found === 'object' ? found : undefined
  if (typeof found === 'string') notes.push({ text: found })
  const known = person ? knownOf(config, compiled, person) : invented(config, query, words, notes)
  if (person) notes.push(...hindrances(compiled, person, words))
  const reader = sampleReader(config, compiled, { ...known, ...choices(compiled, query) })
  const { lang } = variantFor(compiled, reader.lang)
  if (primary(lang) !== primary(reader.lang)) {
    const values = { asked: words.language(reader.lang), given: words.language(lang) }
    notes.push({ text: fill(words.text.notes.otherLanguage, values) })
  }
  return { reader, asked, notes }
}

/** A person, or why there is none to show. */
async function findPerson(
  address: string,
  { text: { notes } }: Words,
  open: OpenSubscribers | undefined,
): Promise<Subscriber | string> {
  if (!open) return notes.inventedOnly
  try {
    const person = await findSubscriber(await open(), address)
    return person ?? fill(notes.unknownAddress, { address })
  } catch (error) {
    // Whoever writes a mail needs no database to see it.
    const reason = error instanceof Error ? error.message : String(error)
    return fill(notes.noDatabase, { reason })
  }
}

function knownOf(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  { email, name, lang, attributes, subscriptions }: Subscriber,
): Partial<Reader> {
  const active = subscriptions.flatMap(({ list, status }) => (status === 'active' ? [list] : []))
  const lists = compiled.lists.filter((list) => active.includes(list))
  const nothing = Object.fromEntries(Object.keys(config.fields).map((field) => [field, '']))
  return {
    email,
    name,
    lang: lang ?? config.lang,
    attributes: { ...nothing, ...attributes },
    ...(lists.length > 0 && { lists }),
  }
}

function hindrances(compiled: CompiledCampaign, person: Subscriber, { text }: Words): Note[] {
  const { email: address, suppressed, subscriptions } = person
  const isOn = subscriptions.some(
    ({ list, status }) => status === 'active' && compiled.lists.includes(list),
  )
  const notes: Note[] = []
  if (suppressed !== null) {
    notes.push({ text: fill(text.notes.suppressed, { address, reason: suppressed }) })
  }
  if (!isOn) notes.push({ text: fill(text.notes.notOnList, { address }) })
  return notes
}

/** What the query says of an invented reader; what it does not say is left to the sample. */
function invented(
  config: MailshotConfig,
  query: URLSearchParams,
  { text }: Words,
  notes: Note[],
): Partial<Reader> {
  const attributes: Record<string, string> = {}
  for (const field of Object.keys(config.fields)) {
    // A box that is not checked sends nothing, so "no" stands before it.
    const value = query.getAll(fieldKey(field)).at(-1)
    if (value !== undefined) attributes[field] = value
  }
  const name = query.get('name') ?? undefined
  const { profile, problems } = readProfile(config.fields, { name, attributes })
  notes.push(...problems.map((one) => ({ text: one, lang: 'en' })))
  const emptied = Object.entries(attributes).filter(([, value]) => value.trim() === '')
  const written = query.get('email')?.trim() || undefined
  const email = written === undefined ? undefined : parseEmailAddress(written)
  if (written !== undefined && !email)
    notes.push({ text: fill(text.notes.wrongAddress, { written }) })
  return {
    attributes: { ...Object.fromEntries(emptied), ...profile.attributes },
    ...(name !== undefined && { name: profile.name }),
    ...(email && { email: email.written }),
  }
}

/** The language and the list that are asked for, of whomever. */
function choices(compiled: CompiledCampaign, query: URLSearchParams): Partial<Reader> {
  const { lang } = readProfile({}, { lang: query.get('lang') ?? undefined }).profile
  const list = query.get('list') ?? ''
  return {
    ...(lang !== null && { lang }),
    ...(compiled.lists.includes(list) && { lists: [list] }),
  }
}

/** The key of a subscriber's attribute in the query: a site may call one "list". */
export function fieldKey(field: string): string {
  return `field.${field}`
}

function primary(lang: string): string | undefined {
  return lang.toLowerCase().split('-')[0]
}
