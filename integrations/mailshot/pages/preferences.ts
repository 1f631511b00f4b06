import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { findPerson, type Person, unsubscribe } from '../subscriber.ts'
import { endPause, pausePerson } from '../subscriber/pause.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { signToken, verifyToken } from '../token.ts'
import { fieldOf } from './form.ts'
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
import { askAddress } from './preferences/address.ts'
import { erasedPage } from './preferences/erase.ts'
import { doWithData, type OwnDataForm, ownDataPage } from './preferences/own-data.ts'
import { savePreferences } from './preferences/save.ts'
import { preferencesForm, type PreferencesForm, type Typed } from './preferences/view.ts'
import { refusalPage } from './refusal.ts'

export type PreferencesView = Notice | PreferencesForm | OwnDataForm

/**
 * A person's own page: what they get, in what language and by which name, what they say of themselves, a pause, another address, and
 * all that is held about them, to take along or to have erased. GET changes nothing; a POST does what its button says and leads back by GET, or shows the form once more with what is wrong beside the field.
 */
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
  const query = new URL(request.url).searchParams
  if (!person) return query.has('erased') ? erasedPage(config, request) : gonePage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  const visit = { person, texts, own: ownPath(config, person) }
  if (request.method === 'POST') return post(mailshot, request, visit)
  const asked = ownDataPage(query, visit)
  if (asked) return asked
  if (isKeptOut(person)) return keptOutPage(config, visit)
  const view = preferencesForm(mailshot, texts, { person })
  return { status: 200, texts, view: { ...view, done: doneBy(query, texts, person) } }
}

interface Visit {
  person: Person
  texts: Texts
  /** The page's own path. */
  own: string
}

/** Gets nothing, and not by their own wish. */
function isKeptOut({ suppressed }: Person): boolean {
  return suppressed !== null && suppressed !== 'unsubscribe'
}

/** Why there is nothing to choose; what is held about them, they may see and have erased all the same. */
function keptOutPage(config: MailshotConfig, { person, texts, own }: Visit): Page<Notice> {
  const page = suppressedPage(config, texts, person)
  const data = { label: texts.pages.data.heading, href: `${own}?data=1` }
  return { ...page, view: { ...page.view, links: [...page.view.links, data] } }
}

async function post(
  mailshot: Mailshot,
  request: Request,
  visit: Visit,
): Promise<Page<PreferencesView> | Response> {
  const { config } = mailshot
  const { person, texts } = visit
  const form = await readForm(request)
  if ('refused' in form) {
    return refusalPage(config, request, { status: form.refused, lang: texts.lang })
  }
  const answer = await doWithData(mailshot, fieldOf(form, 'do'), visit)
  if (answer) return answer
  if (isKeptOut(person)) return keptOutPage(config, visit)
  const done = await act(mailshot, request, { ...visit, form })
  if (done instanceof Response) return done
  if ('query' in done) return redirectTo(visit.own, done.query)
  const view = preferencesForm(mailshot, texts, { person, typed: done })
  return { status: 422, texts, view }
}

/** Does what the button says, the same however often it is pressed. */
async function act(
  mailshot: Mailshot,
  request: Request,
  visit: Visit & { form: FormData },
): Promise<{ query: Record<string, string> } | Typed | Response> {
  const { person, form } = visit
  switch (fieldOf(form, 'do')) {
    case 'leave-everything':
      await unsubscribe(mailshot, {
        subscriberId: person.id,
        lists: 'all',
        reason: 'preferences',
      })
      return { query: { left: '1' } }
    case 'pause':
      return pause(mailshot, visit)
    case 'change-address':
      return (await askAddress(mailshot, request, visit)) ?? { query: { asked: '1' } }
    case 'end-pause':
      await endPause(mailshot, person.id)
      return { query: { resumed: '1' } }
    default:
      return (await savePreferences(mailshot, request, visit)) ?? { query: { saved: '1' } }
  }
}

async function pause(
  mailshot: Mailshot,
  { person, texts, form }: Visit & { form: FormData },
): Promise<{ query: Record<string, string> } | Typed> {
  const day = fieldOf(form, 'until').trim().slice(0, 20)
  const { status } = await pausePerson(mailshot, { subscriberId: person.id, day })
  if (status !== 'invalid') return { query: { paused: '1' } }
  const text = texts.pages.preferences.pause.wrongDay
  return { problems: [{ field: 'until', text }], day }
}

/** Whatever their link has been through on its way here. */
function ownPath(config: MailshotConfig, { id }: Person): string {
  return pagePath(config, `preferences/${signToken(config.secrets, 'preferences', [id])}`)
}

function doneBy(query: URLSearchParams, texts: Texts, person: Person): string | undefined {
  const { saved, leftEverything, pause: words, address } = texts.pages.preferences
  if (query.has('left') && person.suppressed === 'unsubscribe') {
    return fill(leftEverything, { email: person.written })
  }
  if (query.has('resumed') && person.pausedUntil === undefined) return words.ended
  if (query.has('asked')) return address.asked
  const isSaved = query.has('saved') || (query.has('paused') && person.pausedUntil !== undefined)
  return isSaved ? saved : undefined
}
