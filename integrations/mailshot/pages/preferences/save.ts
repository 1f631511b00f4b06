import type { MailshotConfig } from '../../config.ts'
import type { Mailshot } from '../../mailshot.ts'
import { clientOf } from '../../privacy/client.ts'
import { changePreferences, type Person } from '../../subscriber.ts'
import type { Texts } from '../../texts.ts'
import { type FormField, readFields } from '../field.ts'
import { fieldOf, fieldsOf } from '../form.ts'
import { tickedConsents } from '../sign-up.ts'
import { preferencesForm, type Typed } from './view.ts'

/** Saves what a person's own page says they want; or answers what has to be corrected first, and saves nothing. */
export async function savePreferences(
  mailshot: Mailshot,
  request: Request,
  { person, texts, form }: { person: Person; texts: Texts; form: FormData },
): Promise<Typed | undefined> {
  const { config } = mailshot
  const chosen = fieldsOf(form, 'list')
  const name = form.has('name') ? fieldOf(form, 'name') : person.name
  const lang = fieldOf(form, 'lang')
  const read = readFields({ config, texts }, form, { required: false })
  const { fields, problems } = read
  if (problems.length > 0) return { problems, chosen, name, lang, fields }
  await changePreferences(mailshot, {
    subscriberId: person.id,
    shown: fieldsOf(form, 'shown'),
    chosen,
    name,
    lang,
    attributes: { ...read.attributes, ...noneOf(read.empty) },
    tracking: form.has('shown-tracking') ? trackingOf(texts, form) : undefined,
    consent: {
      wording: wordingOf(mailshot, texts, { person, chosen }),
      fields: newConsents(config, { fields, person }),
      ...clientOf(config, request),
    },
  })
  return undefined
}

function noneOf(names: string[]): Record<string, undefined> {
  return Object.fromEntries(names.map((name) => [name, undefined]))
}

function trackingOf({ pages: { preferences: words } }: Texts, form: FormData) {
  const wording = [words.tracking, words.trackingNote, words.save].join('\n')
  return { isAgreed: form.has('tracking'), wording }
}

/** The boxes with words of their own that were ticked just now. */
function newConsents(
  config: MailshotConfig,
  { fields, person }: { fields: FormField[]; person: Person },
) {
  const isNew = ({ field }: { field: string }) => person.attributes[field] !== true
  return tickedConsents(config, { fields }).filter(isNew)
}

/** The words that a person agreed to by ticking these lists. */
function wordingOf(
  mailshot: Mailshot,
  texts: Texts,
  { person, chosen }: { person: Person; chosen: string[] },
): string {
  const { form, preferences } = texts.pages
  const { lists } = preferencesForm(mailshot, texts, { person, isFresh: false })
  const titles = lists
    .filter(({ id }) => chosen.includes(id))
    .flatMap(({ title, description }) => [title, description ?? []].flat())
  return [form.choose, ...titles, preferences.save].join('\n')
}
