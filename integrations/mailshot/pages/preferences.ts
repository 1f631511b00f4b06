import { nameOfLanguage } from '../campaign/language-tag.ts'
import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import {
  changePreferences,
  findPerson,
  openPlaces,
  type Person,
  unsubscribe,
} from '../subscriber.ts'
import { fill, languageWithTexts, textLanguages, type Texts, textsFor } from '../texts.ts'
import { verifyToken } from '../token.ts'
import { fieldOf, fieldsOf } from './form.ts'
import { pagePath } from './link.ts'
import {
  gonePage,
  isSampleToken,
  lostPage,
  type Notice,
  suppressedPage,
  testPage,
} from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { type OfferedList, publicListsOf } from './sign-up.ts'
import { titleOf } from './title.ts'

export type PreferencesView = Notice | PreferencesForm

export interface PreferencesForm {
  kind: 'preferences'
  intro: string
  /** What was just done, if anything was. */
  done: string | undefined
  lists: PreferencesList[]
  name: string
  languages: { lang: string; name: string; isChosen: boolean }[]
  /** Whether this person agrees to be counted by name; undefined where the site does not ask. */
  tracking: { isAgreed: boolean } | undefined
}

export interface PreferencesList extends OfferedList {
  isPending: boolean
}

/** A person's own page: what they get, in what language, by which name. GET changes nothing. */
export async function preferencesPage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<PreferencesView> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return testPage(config, request)
  const verified = verifyToken(config.secrets, 'preferences', token, mailshot.now())
  if ('refused' in verified) return lostPage(config, request)
  const [subscriberId = 0] = verified.ids
  if (subscriberId === 0) return testPage(config, request)
  const person = await findPerson(mailshot, subscriberId)
  if (!person) return gonePage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  if (person.suppressed && person.suppressed !== 'unsubscribe') {
    return suppressedPage(config, texts, person)
  }
  if (request.method === 'POST') return post(mailshot, request, { person, texts, token })
  const view = formOf(config, texts, person)
  const done = doneBy(new URL(request.url).searchParams, texts, person)
  return { status: 200, texts, view: { ...view, done } }
}

async function post(
  mailshot: Mailshot,
  request: Request,
  { person, texts, token }: { person: Person; texts: Texts; token: string },
): Promise<Response> {
  const { config } = mailshot
  const form = await readForm(request)
  if ('refused' in form) {
    return refusalPage(config, request, { status: form.refused, lang: texts.lang })
  }
  const subscriberId = person.id
  const own = pagePath(config, `preferences/${token}`)
  if (fieldOf(form, 'do') === 'leave-everything') {
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'preferences' })
    return redirectTo(own, { left: '1' })
  }
  const chosen = fieldsOf(form, 'list')
  await changePreferences(mailshot, {
    subscriberId,
    shown: fieldsOf(form, 'shown'),
    chosen,
    name: form.has('name') ? fieldOf(form, 'name') : person.name,
    lang: fieldOf(form, 'lang'),
    tracking: form.has('shown-tracking') ? trackingOf(texts, form) : undefined,
    consent: {
      wording: wordingOf(config, texts, { person, chosen }),
      ...clientOf(config, request),
    },
  })
  return redirectTo(own, { saved: '1' })
}

function trackingOf({ pages: { preferences: words } }: Texts, form: FormData) {
  const wording = [words.tracking, words.trackingNote, words.save].join('\n')
  return { isAgreed: form.has('tracking'), wording }
}

/** The words that a person agreed to by ticking these lists. */
function wordingOf(
  config: MailshotConfig,
  texts: Texts,
  { person, chosen }: { person: Person; chosen: string[] },
): string {
  const { form, preferences } = texts.pages
  const lists = formOf(config, texts, person).lists.filter(({ id }) => chosen.includes(id))
  const titles = lists.flatMap(({ title, description }) => [title, description ?? []].flat())
  return [form.choose, ...titles, preferences.save].join('\n')
}

function formOf(config: MailshotConfig, texts: Texts, person: Person): PreferencesForm {
  return {
    kind: 'preferences',
    intro: fill(texts.pages.preferences.intro, { email: person.written }),
    done: undefined,
    lists: listsOf(config, texts, person),
    name: person.name,
    languages: languagesOf(texts, person),
    // Who agreed once can take it back, even where nobody is asked any more.
    tracking:
      config.tracking.individual || person.isTracked ? { isAgreed: person.isTracked } : undefined,
  }
}

/** All that anyone may join, then what this person alone is on. */
function listsOf(config: MailshotConfig, texts: Texts, person: Person): PreferencesList[] {
  const open = openPlaces(person)
  const offered = publicListsOf(config).map((id) => ({
    list: id,
    title: config.lists[id]?.title ?? id,
  }))
  const own = open.filter(({ list }) => !offered.some((one) => one.list === list))
  return [...offered, ...own].map(({ list, title }) => {
    const place = open.find((one) => one.list === list)
    const description = config.lists[list]?.description
    return {
      id: list,
      title: titleOf(config, texts, { title }),
      description: description && titleOf(config, texts, { title: description }),
      isChosen: place !== undefined,
      isPending: place?.status === 'pending',
    }
  })
}

/** Those we have texts in, and the one that the person has, so that saving does not take it from them. */
function languagesOf(texts: Texts, { lang }: Person): PreferencesForm['languages'] {
  const isKnown = lang === null || languageWithTexts(lang) !== undefined
  const chosen = isKnown ? texts.lang : lang
  const all = isKnown ? textLanguages : [...textLanguages, lang]
  return all.map((one) => ({
    lang: one,
    name: nameOfLanguage(one),
    isChosen: one === chosen,
  }))
}

function doneBy(query: URLSearchParams, texts: Texts, person: Person): string | undefined {
  const { saved, leftEverything } = texts.pages.preferences
  if (query.has('left') && person.suppressed === 'unsubscribe') {
    return fill(leftEverything, { email: person.written })
  }
  return query.has('saved') ? saved : undefined
}
