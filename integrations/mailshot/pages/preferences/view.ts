import { nameOfLanguage } from '../../campaign/language-tag.ts'
import type { MailshotConfig } from '../../config.ts'
import type { Mailshot } from '../../mailshot.ts'
import { openPlaces, type Person } from '../../subscriber.ts'
import { pauseDays } from '../../subscriber/pause.ts'
import { fill, languageWithTexts, textLanguages, type Texts } from '../../texts.ts'
import { partLanguages } from '../../texts/part-language.ts'
import { type FieldProblem, type FormField, formFields } from '../field.ts'
import { inviteLinks, type PageLink, subscribeLink } from '../link.ts'
import { type OfferedList, publicListsOf } from '../sign-up.ts'
import { titleOf } from '../title.ts'

/** A person's own page. */
export interface PreferencesForm {
  kind: 'preferences'
  intro: string
  /** What was just done, if anything was. */
  done: string | undefined
  problems: PreferencesProblem[]
  lists: PreferencesList[]
  name: string
  languages: { lang: string; name: string; isChosen: boolean }[]
  /** The site's own fields, as far as readers are asked them. */
  fields: FormField[]
  /** Whether this person agrees to be counted by name; undefined where the site does not ask. */
  tracking: { isAgreed: boolean } | undefined
  pause: PauseForm
  /** What a fresh link alone opens; or what has to be said to whoever has another one. */
  own: OwnPart
  /** To where the reader invites others, if the site lets them. */
  links: PageLink[]
}

export type OwnPart =
  /** `email`: the new address, as far as it was typed; `suggestion`: what was most likely meant by it; `erase`: to the page that asks before everything is erased. */
  | { isOpen: true; email: string; suggestion: string | undefined; erase: string }
  | { isOpen: false; noMailbox: string; subscribe: PageLink }

export interface PreferencesList extends OfferedList {
  /** What is said of it: that it awaits its confirmation, or was left. */
  note: string | undefined
}

export interface PauseForm {
  /** What is said while there is one. */
  now: string | undefined
  /** `2026-12-31` */
  day: string
  first: string
  last: string
}

export type PreferencesProblem = FieldProblem | { field: 'until' | 'email'; text: string }

/** What was typed and has to be corrected, in place of what is known. */
export interface Typed {
  problems: PreferencesProblem[]
  chosen?: readonly string[]
  name?: string
  lang?: string
  fields?: readonly FormField[]
  day?: string
  email?: string
  suggestion?: string | undefined
}

export function preferencesForm(
  mailshot: Mailshot,
  texts: Texts,
  { person, typed, isFresh }: { person: Person; typed?: Typed | undefined; isFresh: boolean },
): PreferencesForm {
  const { config } = mailshot
  const { preferences: words } = texts.pages
  return {
    kind: 'preferences',
    intro: fill(words.intro, { email: person.written }),
    done: undefined,
    problems: typed?.problems ?? [],
    lists: listsOf(config, texts, { person, chosen: typed?.chosen }),
    name: typed?.name ?? person.name,
    languages: languagesOf(texts, typed?.lang ?? person.lang),
    fields: fieldsOf(config, texts, { person, typed }),
    // Who agreed once can take it back, even where nobody is asked any more.
    tracking:
      config.tracking.individual || person.isTracked ? { isAgreed: person.isTracked } : undefined,
    pause: pauseOf(mailshot, texts, { person, day: typed?.day }),
    own: isFresh
      ? {
          isOpen: true,
          email: typed?.email ?? '',
          suggestion: typed?.suggestion,
          erase: '?erase=1',
        }
      : {
          isOpen: false,
          noMailbox: fill(words.fresh.noMailbox, { email: person.written }),
          subscribe: subscribeLink(config, texts),
        },
    links: inviteLinks(config, texts, person.id),
  }
}

/** A day as a sentence says it, `1 December 2026`, in the site's time zone. */
function dateOf({ timeZone }: MailshotConfig, { lang }: Texts, at: number): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone }).format(at)
}

/** All that anyone may join, then what this person alone is on. */
function listsOf(
  config: MailshotConfig,
  texts: Texts,
  { person, chosen }: { person: Person; chosen: readonly string[] | undefined },
): PreferencesList[] {
  const offered = publicListsOf(config)
  const own = openPlaces(person).filter(({ list }) => !offered.includes(list))
  return [...offered, ...own.map(({ list }) => list)].map((id) => {
    const place = person.places.find(({ list }) => list === id)
    const isOpen = place !== undefined && place.status !== 'unsubscribed'
    const { title = place?.title ?? id, description } = config.lists[id] ?? {}
    return {
      id,
      title: titleOf(config, texts, { title }),
      description: description && titleOf(config, texts, { title: description }),
      langs: partLanguages(config, texts.lang, { title, description }),
      isChosen: chosen?.includes(id) ?? isOpen,
      note: place && noteOf(texts, place),
    }
  })
}

function noteOf({ pages }: Texts, { status }: Person['places'][number]): string | undefined {
  switch (status) {
    case 'pending':
      return pages.pending
    case 'unsubscribed':
      return pages.preferences.left
    case 'active':
      return undefined
  }
}

/** Those we have texts in, and the one that the person has, so that saving does not take it from them. */
function languagesOf(texts: Texts, lang: string | null): PreferencesForm['languages'] {
  const isKnown = lang === null || languageWithTexts(lang) !== undefined
  const chosen = isKnown ? (languageWithTexts(lang) ?? texts.lang) : lang
  const all = isKnown ? textLanguages : [...textLanguages, lang]
  return all.map((one) => ({
    lang: one,
    name: nameOfLanguage(one),
    isChosen: one === chosen,
  }))
}

/** What was typed, where a form had the field; else what is known. */
function fieldsOf(
  config: MailshotConfig,
  texts: Texts,
  { person, typed }: { person: Person; typed: Typed | undefined },
): FormField[] {
  const known = formFields({ config, texts }, { attributes: person.attributes })
  return known.map((field) => typed?.fields?.find(({ name }) => name === field.name) ?? field)
}

function pauseOf(
  mailshot: Mailshot,
  texts: Texts,
  { person, day = '' }: { person: Person; day: string | undefined },
): PauseForm {
  return { ...pauseDays(mailshot), day, now: pauseNow(mailshot, texts, person) }
}

function pauseNow({ config }: Mailshot, texts: Texts, { pausedUntil }: Person): string | undefined {
  if (pausedUntil === undefined) return undefined
  return fill(texts.pages.preferences.pause.active, { date: dateOf(config, texts, pausedUntil) })
}
