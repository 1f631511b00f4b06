import { langNamed } from '../tables/lang.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'

export interface Attributes {
  name: string
  lang: string
  /** By their names as words: `Postal code` is `postal_code`. */
  attributes: Record<string, string>
}

interface Value {
  name: string
  type: string | null
  tablename: string | null
  value: string | null
}

/**
 * What phpList knows of a person. Of an attribute with choices it stores their numbers, which its tables `listattr_…` have the words of;
 * one that is called like a name, or like a language, is that.
 */
export function attributeReader(stage: Stage): (userId: number) => Attributes {
  const choices = new Map<string, string>()
  const all = stage.all<{ table: string; id: number; name: string | null }>(
    'SELECT _table AS "table", id, name FROM listattr',
  )
  for (const { table, id, name } of all) {
    choices.set(`${table.replace(/^.*?_listattr_/, '')} ${id}`, repaired(name))
  }
  return (userId) => {
    const values = stage.all<Value>(
      `SELECT a.name, a.type, a.tablename, v.value FROM user_user_attribute v
        JOIN user_attribute a ON a.id = v.attributeid WHERE v.userid = ?`,
      userId,
    )
    const given = Array.from(values, (one) => [wordOf(one.name), textOf(one, choices)] as const)
    const known = new Map(given.filter(([, text]) => text !== ''))
    const first = (...words: string[]) =>
      words.map((word) => known.get(word)).find((text) => text !== undefined) ?? ''
    const parts = [
      first('first_name', 'firstname', 'prenom', 'given_name'),
      first('last_name', 'lastname', 'surname', 'family_name', 'nom_de_famille'),
    ]
    return {
      name: first('name', 'full_name', 'nom', 'nom_complet') || parts.filter(Boolean).join(' '),
      lang: langNamed(first('lang', 'language', 'langue')),
      attributes: Object.fromEntries([...known].filter(([word]) => !ownWords.has(word))),
    }
  }
}

const ownWords = new Set(
  `name full_name nom nom_complet first_name firstname prenom given_name last_name lastname surname family_name
  nom_de_famille lang language langue`.split(/\s+/),
)

function textOf({ type, tablename, value }: Value, choices: ReadonlyMap<string, string>): string {
  const text = repaired(value).trim()
  if (type === 'checkbox') return text === '' ? '' : 'yes'
  if (!/^(?:select|radio|checkboxgroup)$/.test(type ?? '')) return text
  const numbers = text.split(',').map((number) => number.trim())
  return numbers
    .map((number) => choices.get(`${tablename} ${number}`) ?? '')
    .filter(Boolean)
    .join(', ')
}

/** The name of an attribute as a word of a–z, digits and _. */
export function wordOf(text: string): string {
  const plain = repaired(text).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '')
}
