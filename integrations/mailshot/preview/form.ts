import type { CompiledCampaign } from '../compile.ts'
import { type FieldConfig, localize, type MailshotConfig } from '../config.ts'
import { listSubscribers } from '../subscriber/read.ts'
import { fieldKey, type OpenSubscribers, type ShownReader } from './reader.ts'
import type { Words } from './words.ts'

/** One thing that can be asked about the reader. */
export interface FormField {
  key: string
  label: string
  type: 'text' | 'email' | 'number' | 'date' | 'checkbox' | 'select'
  value: string
  /** Of a `select`. */
  options: { value: string; label: string }[]
}

/** What can be said of an invented reader, each field with the value that is shown now. */
export function readerFields(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  { shown: { reader }, query, words }: { shown: ShownReader; query: URLSearchParams; words: Words },
): FormField[] {
  const { text, lang } = words
  const langs = new Set([...Object.keys(compiled.variants).toSorted(), reader.lang])
  const titleOf = (id: string) => localize(config.lists[id]?.title ?? id, lang, config.lang)
  const lists = compiled.lists.map((id) => ({ value: id, label: titleOf(id) }))
  const field = (key: string, label: string, rest: Partial<FormField>): FormField => ({
    key,
    label,
    type: 'text',
    value: '',
    options: [],
    ...rest,
  })
  return [
    field('lang', text.reader.language, {
      type: 'select',
      value: reader.lang,
      options: Array.from(langs, (value) => ({ value, label: words.language(value) })),
    }),
    ...(lists.length > 1
      ? [
          field('list', text.reader.list, {
            type: 'select',
            value: query.get('list') ?? '',
            options: [{ value: '', label: text.reader.allLists }, ...lists],
          }),
        ]
      : []),
    field('name', text.reader.name, { value: reader.name }),
    field('email', text.reader.email, { type: 'email', value: reader.email }),
    ...Object.entries(config.fields).map(([name, own]) => {
      const label = localize(own.label ?? name, lang, config.lang)
      return field(fieldKey(name), label, kindOf(own, reader.attributes[name] ?? ''))
    }),
  ]
}

/** Some addresses of people who would get the campaign, to choose from; none where there is no database to look at. */
export async function someAddresses(
  compiled: CompiledCampaign,
  open: OpenSubscribers,
): Promise<string[]> {
  try {
    const query = { lists: compiled.lists, status: 'active', limit: 50 } as const
    return (await listSubscribers(await open(), query)).map(({ email }) => email)
  } catch {
    // Asking for one of them says why.
    return []
  }
}

function kindOf(field: FieldConfig, value: string | number | boolean): Partial<FormField> {
  switch (field.type) {
    case 'text':
    case 'number':
    case 'date':
      return { type: field.type, value: String(value) }
    case 'boolean':
    case 'consent':
      return { type: 'checkbox', value: String(value === true) }
    case 'choice':
      return {
        type: 'select',
        value: String(value),
        options: ['', ...(field.choices ?? [])].map((one) => ({ value: one, label: one || '–' })),
      }
  }
}
