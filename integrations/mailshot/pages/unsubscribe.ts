import type { MailshotConfig } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { findSelectingLists } from '../recipient/selecting-lists.ts'
import {
  findLeaving,
  findPerson,
  findUndo,
  openPlaces,
  type Person,
  undoUnsubscribe,
  unsubscribe,
} from '../subscriber.ts'
import { fill, textsFor } from '../texts.ts'
import { type PartLanguages, partLanguages } from '../texts/part-language.ts'
import { verifyToken } from '../token.ts'
import { fieldOf, fieldsOf } from './form.ts'
import { pagePath, type PageLink, preferencesLink } from './link.ts'
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
import { titleOf, valuesOf } from './title.ts'
import {
  alreadyNotice,
  leftNotice,
  noneNotice,
  tooLateNotice,
  undoneNotice,
} from './unsubscribe/notice.ts'
import { readLeavePost } from './unsubscribe/one-click.ts'
import { answerWhy } from './unsubscribe/why.ts'

export type UnsubscribeView = Notice | LeaveForm

/** Asks what to leave. */
export interface LeaveForm {
  kind: 'leave'
  question: string
  /** Those that brought the mail come first. */
  lists: LeaveChoice[]
  /** Nothing was ticked. */
  problem: string | undefined
  links: PageLink[]
}

export interface LeaveChoice {
  id: string
  title: string
  isChosen: boolean
  isPending: boolean
  /** Of the title, where it is not in the page's. */
  langs?: PartLanguages<'title'> | undefined
}

/**
 * The page behind a mail's link to leave. GET changes nothing. A person's POST leaves the lists that are ticked, or
 * everything, and can be taken back for a while; the one-click POST of a mail service (RFC 8058 §3.2) leaves all lists that
 * brought the mail, and without a known mail (a test, a purged send) all that the person is on, since a reader who
 * pressed "unsubscribe" must not hear from us again.
 */
export async function unsubscribePage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<UnsubscribeView> | Response> {
  const link = await readLink(mailshot, token)
  if (link === 'lost') return lostPage(mailshot.config, request)
  if (request.method === 'POST') return post(mailshot, request, link)
  if (link === 'test') return testPage(mailshot.config, request)
  if (link === 'gone') return gonePage(mailshot.config, request)
  return show(mailshot, request, link)
}

interface Link {
  /** The page's own address. */
  own: string
  person: Person
  /** The recipient whose mail the link stands in; 0 for none. */
  recipientId: number
  /** Of these lists is the mail that the link stands in, as far as it is known. */
  mailed: string[] | undefined
}

async function readLink(
  mailshot: Mailshot,
  token: string,
): Promise<Link | 'lost' | 'test' | 'gone'> {
  if (isSampleToken(token)) return 'test'
  const verified = verifyToken(mailshot.config.secrets, 'unsubscribe', token, mailshot.now())
  if ('refused' in verified) return 'lost'
  const [subscriberId = 0, recipientId = 0] = verified.ids
  if (subscriberId === 0) return 'test'
  const person = await findPerson(mailshot, subscriberId)
  if (!person) return 'gone'
  const mailed = await findSelectingLists(mailshot, {
    recipientId,
    subscriberId: person.id,
  })
  return { own: pagePath(mailshot.config, `unsubscribe/${token}`), person, recipientId, mailed }
}

async function post(
  mailshot: Mailshot,
  request: Request,
  link: Link | 'test' | 'gone',
): Promise<Page<UnsubscribeView> | Response> {
  const posted = await readLeavePost(request)
  if ('refused' in posted) {
    const lang = typeof link === 'string' ? null : link.person.lang
    return refusalPage(mailshot.config, request, { status: posted.refused, lang })
  }
  const { form, isOneClick } = posted
  if (isOneClick) return oneClick(mailshot, request, link)
  if (link === 'test') return testPage(mailshot.config, request)
  if (link === 'gone') return gonePage(mailshot.config, request)
  if (form.has('why')) return why(mailshot, { link, form })
  if (form.has('undo')) return undo(mailshot, request, { link, at: fieldOf(form, 'undo') })
  return leave(mailshot, request, { link, form })
}

async function leave(
  mailshot: Mailshot,
  request: Request,
  { link, form }: { link: Link; form: FormData },
): Promise<Page<LeaveForm> | Response> {
  const { id: subscriberId, places } = link.person
  const isEverything = fieldOf(form, 'leave') === 'everything'
  // Lists that were left a moment ago count as chosen: the button was pressed twice.
  const chosen = fieldsOf(form, 'list').filter((id) => places.some(({ list }) => list === id))
  if (!isEverything && chosen.length === 0) {
    return leaveForm(mailshot.config, request, { ...link, mailed: [] }, 'nothing-chosen')
  }
  const lists = isEverything ? 'all' : chosen
  const { recipientId } = link
  await unsubscribe(mailshot, { subscriberId, recipientId, lists, reason: 'page' })
  return redirectTo(link.own, { left: '1' })
}

async function undo(
  mailshot: Mailshot,
  request: Request,
  { link, at }: { link: Link; at: string },
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  const { own, person } = link
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  if (isKeptOut(person)) return suppressedPage(config, texts, person)
  const leftAt = /^\d{1,15}$/.test(at) ? Number(at) : 0
  const undone = await undoUnsubscribe(mailshot, { subscriberId: person.id, at: leftAt })
  if (undone.status === 'undone') return redirectTo(own, { undone: '1' })
  return { status: 410, texts, view: tooLateNotice(config, texts, person) }
}

async function why(
  mailshot: Mailshot,
  { link, form }: { link: Link; form: FormData },
): Promise<Response> {
  const { person, recipientId } = link
  await answerWhy(mailshot, form, { subscriberId: person.id, recipientId })
  return redirectTo(link.own, { left: '1', told: '1' })
}

/** Gets nothing, and not by their own wish. */
function isKeptOut({ suppressed }: Person): boolean {
  return suppressed !== null && suppressed !== 'unsubscribe'
}

/** RFC 8058 §3.2: no redirect, no cookie, no further step; mail services look at the status alone. */
async function oneClick(
  mailshot: Mailshot,
  request: Request,
  link: Link | 'test' | 'gone',
): Promise<Response> {
  const person = typeof link === 'string' ? undefined : link.person
  if (person && typeof link !== 'string') {
    const lists = link.mailed ?? openPlaces(person).map(({ list }) => list)
    const { recipientId } = link
    const left = { subscriberId: person.id, recipientId, lists }
    await unsubscribe(mailshot, { ...left, reason: 'one-click' })
  }
  const texts = textsFor(mailshot.config, readerLanguage(mailshot.config, request, [person?.lang]))
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-language': texts.lang }
  return new Response(`${texts.pages.unsubscribe.oneClick}\n`, { headers })
}

async function show(
  mailshot: Mailshot,
  request: Request,
  link: Link,
): Promise<Page<UnsubscribeView>> {
  const { config } = mailshot
  const { person } = link
  const { searchParams } = new URL(request.url)
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  if (isKeptOut(person)) return { status: 200, texts, view: alreadyNotice(config, texts, person) }
  const leaving = searchParams.has('left') ? await findLeaving(mailshot, person.id) : undefined
  if (leaving) {
    const hasTold = searchParams.has('told')
    return { status: 200, texts, view: leftNotice(config, texts, { person, leaving, hasTold }) }
  }
  const taken = searchParams.has('undone') ? await findUndo(mailshot, person.id) : undefined
  const undone = taken && undoneNotice(config, texts, { person, restored: taken.restored })
  if (undone) return { status: 200, texts, view: undone }
  if (openPlaces(person).length > 0) return leaveForm(config, request, link)
  return { status: 200, texts, view: noneNotice(config, texts, person) }
}

function leaveForm(
  config: MailshotConfig,
  request: Request,
  { person, mailed = [] }: Link,
  problem?: 'nothing-chosen',
): Page<LeaveForm> {
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  const words = texts.pages.unsubscribe
  const open = openPlaces(person)
  const isMailed = ({ list }: { list: string }) => mailed.includes(list)
  const places = [...open.filter(isMailed), ...open.filter((place) => !isMailed(place))]
  const values = valuesOf(config, texts, { ...person, lists: open.map(({ list }) => list) })
  return {
    status: problem ? 422 : 200,
    texts,
    view: {
      kind: 'leave',
      question: fill(open.length === 1 ? words.one : words.many, values),
      lists: places.map((place) => ({
        id: place.list,
        title: titleOf(config, texts, place),
        langs: partLanguages(config, texts.lang, { title: place.title }),
        isChosen: open.length === 1 || isMailed(place),
        isPending: place.status === 'pending',
      })),
      problem: problem && words.noList,
      links: [preferencesLink(config, texts, person.id)],
    },
  }
}
