import type { MailshotConfig } from '../config.ts'

/** The merge fields of a site, and which of them may be empty for a reader. */
export type Fields = ReadonlyMap<string, { optional: boolean }>

const always =
  'email lang listes lists list list_title status campaign url_unsubscribe url_preferences url_view'

/** All fields that a campaign of this site can merge: the built-in ones and the subscribers' own attributes. */
export function fieldsOf(config: MailshotConfig): Fields {
  const optional = ['nom', 'name', ...Object.keys(config.fields)]
  const fields = new Map<string, { optional: boolean }>()
  for (const name of optional) fields.set(name, { optional: true })
  for (const name of always.split(' ')) fields.set(name, { optional: false })
  return fields
}
