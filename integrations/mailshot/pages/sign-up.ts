import { localize, type MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { AgreedField } from '../subscriber/ask.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { type PartLanguages, partLanguages } from '../texts/part-language.ts'
import { type FieldProblem, type FormField, formFields } from './field.ts'
import { pagePath } from './link.ts'
import { quotedTitles } from './title.ts'

/** A sign-up form as it is shown: on its own page, or wherever the site puts it. */
export interface SignUp {
  texts: Texts
  action: string
  /** Where it stands: kept with the consent. */
  form: string
  offered: OfferedList[]
  asksName: boolean
  /** The site's own. */
  fields: FormField[]
  email: string
  /** What was most likely meant instead of that address: one button takes it, another keeps what was written. */
  suggestion?: string | undefined
  name: string
  problems: SignUpProblem[]
  /** Says, signed, since when it is open, where it is shown by itself. */
  since?: string | undefined
}

export interface OfferedList {
  id: string
  title: string
  description: string | undefined
  isChosen: boolean
  /** Of its words, where they are not in the page's. */
  langs?: PartLanguages<'title' | 'description'> | undefined
}

export type SignUpProblem = { field: 'email' | 'lists'; text: string } | FieldProblem

export interface SignUpOptions {
  lang: string
  form: string
  /** All public lists, when none is named. */
  lists?: string[] | undefined
  chosen?: string[]
  asksName?: boolean
  /** All that readers are asked, when none is named. */
  fields?: string[] | undefined
}

/**
 * An empty sign-up form. A list that is offered alone needs no choice.
 *
 * @throws MailshotError for a list that nobody may sign up to, or a field that readers may not fill in
 */
export function signUp(config: MailshotConfig, options: SignUpOptions): SignUp {
  const { lang, form, lists, chosen = [], asksName = false, fields } = options
  const publicLists = publicListsOf(config)
  const wrong = lists?.find((list) => !publicLists.includes(list))
  if (wrong !== undefined) {
    throw new MailshotError(
      `the sign-up form at ${form} offers "${wrong}", which is no public list in mailshot.config.ts ` +
        `(public: ${publicLists.join(', ')})`,
    )
  }
  const texts = textsFor(config, lang)
  const ids = lists ?? publicLists
  return {
    texts,
    action: pagePath(config, 'subscribe'),
    form,
    offered: offeredLists(config, texts, { lists: ids, chosen: ids.length === 1 ? ids : chosen }),
    asksName,
    fields: formFields({ config, texts }, { names: fields }),
    email: '',
    name: '',
    problems: [],
  }
}

/** Lists as a form offers them. */
export function offeredLists(
  config: MailshotConfig,
  texts: Texts,
  { lists, chosen }: { lists: string[]; chosen: string[] },
): OfferedList[] {
  return lists.map((id) => ({ ...offer(config, texts, id), isChosen: chosen.includes(id) }))
}

/** The lists that anyone may sign up to, in the config's order. */
export function publicListsOf({ lists }: MailshotConfig): string[] {
  return Object.entries(lists)
    .filter(([, list]) => list.public)
    .map(([id]) => id)
}

export function chosenLists({ offered }: SignUp): string[] {
  return offered.filter(({ isChosen }) => isChosen).map(({ id }) => id)
}

/** What the form says instead of a choice, where one list is offered; undefined where there is a choice. */
export function onlyChoice({ texts, offered }: SignUp): string | undefined {
  if (offered.length !== 1) return undefined
  const lists = quotedTitles(
    texts,
    offered.map(({ title }) => title),
  )
  return fill(texts.pages.form.one, { lists })
}

/** The boxes with words of their own that were ticked, and those words. */
export function tickedConsents(
  config: MailshotConfig,
  { fields }: Pick<SignUp, 'fields'>,
): AgreedField[] {
  return fields
    .filter(({ name, value }) => config.fields[name]?.type === 'consent' && value === 'yes')
    .map(({ name, label, description }) => ({
      field: name,
      wording: [label, description].filter(Boolean).join('\n'),
    }))
}

/** The words that a person agreed to with this form: all of them, and of the lists those that were chosen. */
export function wordingOf(filled: SignUp): string {
  const { choose, note, button } = filled.texts.pages.form
  const chosen = filled.offered.filter(({ isChosen }) => isChosen)
  const lists = chosen.map(({ title, description }) =>
    [title, description].filter(Boolean).join('\n'),
  )
  return [onlyChoice(filled) ?? choose, ...lists, note, button].join('\n')
}

function offer(config: MailshotConfig, { lang }: Texts, id: string): Omit<OfferedList, 'isChosen'> {
  const { title = id, description } = config.lists[id] ?? {}
  return {
    id,
    title: localize(title, lang, config.lang),
    description: description && localize(description, lang, config.lang),
    langs: partLanguages(config, lang, { title, description }),
  }
}
