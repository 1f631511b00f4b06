import { sql } from 'drizzle-orm/sql'
import type { CompiledVariant } from '../compile.ts'
import { oneLine } from '../compile/escape.ts'
import type { Mailshot } from '../mailshot.ts'
import { languageFor } from '../message.ts'
import { prepareMerge } from '../message/merge.ts'

/**
 * The letters that a site may word itself, in `campaigns/letters/`: what can be merged, and the address that its readers must
 * find. What anybody may have written into a form, such as a name, stands in none that goes out unconfirmed.
 */
export const writable = {
  confirmation: { fields: ['email', 'lang', 'lists', 'url', 'date'], link: 'url' },
  invitation: { fields: ['email', 'lang', 'lists', 'url', 'date', 'inviter'], link: 'url' },
  welcome: { fields: ['email', 'lang', 'lists', 'url', 'name'], link: undefined },
  goodbye: { fields: ['email', 'lang', 'lists', 'url', 'name'], link: undefined },
  'change-address': { fields: ['email', 'lang', 'url', 'date'], link: 'url' },
  'address-changed': { fields: ['email', 'lang'], link: undefined },
  links: { fields: ['email', 'lang', 'url', 'leave_url', 'date'], link: 'url' },
  're-consent': {
    fields: ['email', 'lang', 'name', 'list_title', 'url_stay', 'url_unsubscribe'],
    link: 'url_stay',
  },
} as const satisfies Record<string, { fields: string[]; link: string | undefined }>

export type WritableKind = keyof typeof writable

/** Whether a site may word letters of this kind. */
export function isWritable(kind: string): kind is WritableKind {
  return Object.hasOwn(writable, kind)
}

/** A letter as the site words it, by language, its placeholders still open. Plain JSON, kept in the database. */
export interface LetterTemplate {
  kind: WritableKind
  /** The language of readers whose own is missing. */
  fallback: string
  variants: Record<string, Pick<CompiledVariant, 'lang' | 'subject' | 'html' | 'text'>>
}

/** The words of one mail. */
export interface LetterWords {
  lang: string
  subject: string
  html: string
  text: string
}

/** Puts one reader's values into the site's words. They are data, escaped for their places. */
export function fillTemplate(
  template: LetterTemplate,
  lang: string,
  values: Readonly<Record<string, string>>,
): LetterWords {
  const variant = template.variants[languageFor(template, lang)]
  if (!variant) throw new Error(`the letter "${template.kind}" has no words in ${lang}`)
  const merge = (part: 'subject' | 'html' | 'text') =>
    prepareMerge(variant[part], variant.lang)(values)
  return {
    lang: variant.lang,
    subject: oneLine(merge('subject')),
    html: merge('html'),
    text: merge('text'),
  }
}

/** The site's own words for a kind of letter; undefined where ours serve. */
export async function findTemplate(
  { db }: Mailshot,
  kind: string,
): Promise<LetterTemplate | undefined> {
  const row = await db.get<{ template: string }>(
    sql`SELECT template FROM letter_templates WHERE kind = ${kind}`,
  )
  return row && JSON.parse(row.template)
}

/**
 * Brings the site's own words into the database, where every worker finds them, and takes away those whose file is gone. Doing
 * it again changes nothing.
 */
export async function mirrorTemplates(
  { db }: Pick<Mailshot, 'db'>,
  templates: readonly LetterTemplate[],
): Promise<void> {
  const given = JSON.stringify(templates.map((one) => [one.kind, JSON.stringify(one)]))
  await db.write(
    sql`DELETE FROM letter_templates
        WHERE kind NOT IN (SELECT value ->> 0 FROM json_each(${given}))`,
    sql`INSERT INTO letter_templates (kind, template)
        SELECT value ->> 0, value ->> 1 FROM json_each(${given}) WHERE true
        ON CONFLICT (kind) DO UPDATE SET template = excluded.template
          WHERE template <> excluded.template`,
  )
}
