import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { findPerson, type Person, unsubscribe } from '../subscriber.ts'
import { mailOwnLinks } from '../subscriber/links.ts'
import { isFresh, type OwnLink, ownToken, readOwnLink } from '../subscriber/own-link.ts'
import { endPause, pausePerson } from '../subscriber/pause.ts'
import { fill, type Texts, textsFor } from '../texts.ts'
import { verifyToken } from '../token.ts'
import { fieldOf } from './form.ts'
import { pagePath, writeLink } from './link.ts'
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
import { doWithData, isAboutData, type OwnDataForm, ownDataPage } from './preferences/own-data.ts'
import { savePreferences } from './preferences/save.ts'
import { preferencesForm, type PreferencesForm, type Typed } from './preferences/view.ts'
import { refusalPage } from './refusal.ts'

export type PreferencesView = Notice | PreferencesForm | OwnDataForm

/**
 * A person's own page: what they get, in what language and by which name, what they say of themselves, a pause, another address, and
 * all that is held about them, to take along or to have erased. For these last three the link has to be a fresh one, which the page mails:
 * any other may have been forwarded. GET changes nothing; a POST does what its button says and leads back by GET, or shows the form once
 * more with what is wrong beside the field.
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
  const link = readOwnLink(verified.ids)
  if (link.subscriberId === 0) return testPage(config, request)
  const person = await findPerson(mailshot, link.subscriberId)
  const query = new URL(request.url).searchParams
  if (!person) return query.has('erased') ? erasedPage(config, request) : gonePage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  const visit = visitOf(mailshot, texts, { person, link })
  if (request.method === 'POST') return post(mailshot, request, visit)
  const asked = visit.isFresh ? ownDataPage(query, visit) : undefined
  if (asked) return asked
  if (isKeptOut(person)) return keptOutPage(config, visit)
  const view = preferencesForm(mailshot, texts, visit)
  return { status: 200, texts, view: { ...view, done: doneBy(query, visit) } }
}

interface Visit {
  person: Person
  texts: Texts
  /** The page's own path. */
  own: string
  /** Whether the link is one that opens everything, or was. */
  isFresh: boolean
  isOver: boolean
}

function visitOf(
  { config, now }: Mailshot,
  texts: Texts,
  { person, link }: { person: Person; link: OwnLink },
): Visit {
  const fresh = isFresh(link, person, now())
  const { until, digest } = fresh ? link : readOwnLink([])
  // Whatever the link has been through on its way here.
  const token = ownToken(config, { subscriberId: person.id, until, digest })
  const own = pagePath(config, `preferences/${token}`)
  return { person, texts, own, isFresh: fresh, isOver: link.until > 0 && !fresh }
}

/** Gets nothing, and not by their own wish. */
function isKeptOut({ suppressed }: Person): boolean {
  return suppressed !== null && suppressed !== 'unsubscribe'
}

/** Why there is nothing to choose; what is held about them, they may see and have erased all the same. */
function keptOutPage(config: MailshotConfig, visit: Visit): Page<Notice> {
  const { person, texts, own } = visit
  const { view, ...page } = suppressedPage(config, texts, person)
  if (visit.isFresh) {
    const data = { label: texts.pages.data.heading, href: `${own}?data=1` }
    return { ...page, view: { ...view, links: [...view.links, data] } }
  }
  const how = fill(texts.pages.preferences.fresh.keptOut, { email: person.written })
  const write = writeLink(config, texts)
  const links = [...view.links.filter(({ href }) => href !== write.href), write]
  return { ...page, view: { ...view, paragraphs: [...view.paragraphs, how], links } }
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
  const what = fieldOf(form, 'do')
  // The link may have grown old since the page was opened.
  if (!visit.isFresh && (isAboutData(what) || what === 'change-address')) {
    return redirectTo(visit.own, { over: '1' })
  }
  const answer = await doWithData(mailshot, what, visit)
  if (answer) return answer
  if (isKeptOut(person)) return keptOutPage(config, visit)
  const done = await act(mailshot, request, { ...visit, form })
  if (done instanceof Response) return done
  if ('query' in done) return redirectTo(visit.own, done.query)
  const view = preferencesForm(mailshot, texts, { ...visit, typed: done })
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
    case 'mail-link':
      await mailOwnLinks(mailshot, person)
      return { query: { mailed: '1' } }
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

function doneBy(query: URLSearchParams, { texts, person, isOver }: Visit): string | undefined {
  const { saved, leftEverything, pause: words, address, fresh } = texts.pages.preferences
  if (query.has('mailed')) return fill(fresh.asked, { email: person.written })
  if (isOver || query.has('over')) return fresh.over
  if (query.has('left') && person.suppressed === 'unsubscribe') {
    return fill(leftEverything, { email: person.written })
  }
  if (query.has('resumed') && person.pausedUntil === undefined) return words.ended
  if (query.has('asked')) return address.asked
  const isSaved = query.has('saved') || (query.has('paused') && person.pausedUntil !== undefined)
  return isSaved ? saved : undefined
}
