import type { AttributeValue } from '../../db/schema.ts'
import type { FieldConfig } from './config.ts'

/** What a person says of themselves, as a form or a file gives it. */
export interface ProfileInput {
  name?: string | undefined
  lang?: string | undefined
  attributes?: Readonly<Record<string, unknown>> | undefined
}

export interface Profile {
  name: string
  lang: string | null
  attributes: Record<string, AttributeValue>
}

export interface ReadProfile {
  profile: Profile
  /** Values that cannot be kept, each with what is wrong and how to write it. */
  problems: string[]
  /** Attributes that the config does not declare. */
  unknown: string[]
}

/** Reads name, language and the attributes that the config declares. Empty values are left out. */
export function readProfile(
  fields: Readonly<Record<string, FieldConfig>>,
  input: ProfileInput,
): ReadProfile {
  const problems: string[] = []
  const unknown: string[] = []
  const attributes: Record<string, AttributeValue> = {}
  for (const [name, value] of Object.entries(input.attributes ?? {})) {
    const text = tidy(textOf(value))
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field) unknown.push(name)
    if (!field || text === '') continue
    const kind = kinds[field.type]
    const parsed = kind.parse(text, field)
    if (parsed === undefined) problems.push(`${name}: "${text}" is not ${kind.expected(field)}`)
    else attributes[name] = parsed
  }
  const lang = parseLang(input.lang ?? '')
  if (lang === undefined) {
    problems.push(`lang: "${input.lang}" is not a language code; write it like fr or pt-BR`)
  }
  // A character outside the basic plane is not cut in two.
  const name = tidy(input.name ?? '')
    .slice(0, longestName)
    .replace(/[\ud800-\udbff\s]$/, '')
  return { profile: { name, lang: lang ?? null, attributes }, problems, unknown }
}

const longestName = 200

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** One line, single spaces, no control or invisible characters: it stands in subjects and headers later. */
function tidy(text: string): string {
  // Most are, and an import has a million.
  if (/^(?:[!-~]+(?: [!-~]+)*)?$/.test(text)) return text
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}

/** A file has a few, a million times. */
const parsedLangs = new Map<string, string | null | undefined>()

/** `null` for none; `undefined` for what is no tag of BCP 47. */
function parseLang(text: string): string | null | undefined {
  if (parsedLangs.has(text)) return parsedLangs.get(text)
  if (parsedLangs.size > 500) parsedLangs.clear()
  const lang = canonicalLang(text)
  parsedLangs.set(text, lang)
  return lang
}

function canonicalLang(text: string): string | null | undefined {
  const tag = tidy(text).replaceAll('_', '-')
  if (tag === '') return null
  if (!/^[a-z]{2,3}(?:-|$)/i.test(tag)) return undefined
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

interface Kind {
  parse(text: string, field: FieldConfig): AttributeValue | undefined
  expected(field: FieldConfig): string
}

const kinds: Record<FieldConfig['type'], Kind> = {
  text: { parse: (text) => text, expected: () => 'a text' },
  choice: {
    parse: (text, { choices }) => choices?.find((one) => one.toLowerCase() === text.toLowerCase()),
    expected: ({ choices }) => `one of ${(choices ?? []).join(', ')}`,
  },
  number: {
    parse: (text) =>
      /^[+-]?\d+(?:[.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : undefined,
    expected: () => 'a number, like 12 or 1.5',
  },
  boolean: { parse: truthOf, expected: () => 'yes or no' },
  consent: { parse: truthOf, expected: () => 'yes or no' },
  date: {
    parse: (text) => (isDate(text) ? text : undefined),
    expected: () => 'a date, like 2026-12-31',
  },
}

const truths = new Map([
  ...['true', 'yes', 'oui', 'vrai', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'non', 'faux', '0'].map((word) => [word, false] as const),
])

function truthOf(text: string): boolean | undefined {
  return truths.get(text.toLowerCase())
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  // The parser takes 30 February for 2 March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
