import { flagDisposable } from '../abuse/disposable.ts'
import { nameOfLanguage } from '../campaign/language-tag.ts'
import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import { inSameTime } from '../same-time.ts'
import { subscribe } from '../subscriber.ts'
import { textLanguages, type Texts, textsFor } from '../texts.ts'
import { pagePath, subscribeLink } from './link.ts'
import { type Notice, noticeOf } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { refuseTooMany } from './too-many.ts'
import {
  chosenLists,
  publicListsOf,
  signUp,
  type SignUp,
  tickedConsents,
  wordingOf,
} from './sign-up.ts'
import { type FilledSignUp, readSignUp } from './subscribe/filled.ts'
import { openSince, seemsRobot } from './trap.ts'

export type SubscribeView = Notice | SignUpView

export interface SignUpView {
  kind: 'sign-up'
  signUp: SignUp
  /** What is said above the form. */
  intro: string
  /** Whether that asks to look, and press, once more. */
  isDoubted: boolean
  languages: Language[]
}

export interface Language {
  lang: string
  /** In itself: `français`. */
  name: string
  href: string
}

/**
 * The sign-up page. By POST it subscribes, and sends the browser on to a page that says the same whatever is known of the
 * address; only what the person can see for themselves to be wrong is said.
 */
export async function subscribePage(
  mailshot: Mailshot,
  request: Request,
): Promise<Page<SubscribeView> | Response> {
  if (request.method === 'POST') return post(mailshot, request)
  const { config } = mailshot
  const texts = textsFor(config, readerLanguage(config, request))
  const words = texts.pages.subscribe
  const { searchParams } = new URL(request.url)
  if (searchParams.has('asked')) {
    const links = [subscribeLink(config, texts, { label: words.again })]
    return { status: 200, texts, view: noticeOf(words.asked, {}, { links }) }
  }
  if (publicListsOf(config).length === 0) return closedPage(texts)
  const chosen = searchParams.getAll('list').flatMap((lists) => lists.split(','))
  const form = { lang: texts.lang, form: pagePath(config, 'subscribe'), chosen, asksName: true }
  const empty = signUp(config, form)
  const isOpen = (list: string) => publicListsOf(config).includes(list)
  const isClosed = chosen.length > 0 && !chosen.some(isOpen)
  const since = openSince(config, mailshot.now(), false)
  return formPage(config, { ...empty, since }, isClosed ? words.closedList : words.intro)
}

async function post(mailshot: Mailshot, request: Request): Promise<Page<SubscribeView> | Response> {
  const { config } = mailshot
  const form = await readForm(request)
  if ('refused' in form) return refusalPage(config, request, { status: form.refused })
  const given = await readSignUp(mailshot, request, form)
  const { filled, isClosed } = given
  if (filled.offered.length === 0) return closedPage(filled.texts)
  if (isClosed) return againPage(config, filled, filled.texts.pages.subscribe.closedList)
  if (filled.problems.length > 0) return formPage(config, filled)
  return inSameTime(mailshot, () => answerPost(mailshot, request, { form, ...given }))
}

async function answerPost(
  mailshot: Mailshot,
  request: Request,
  { form, filled, attributes }: FilledSignUp & { form: FormData },
): Promise<Page<SubscribeView> | Response> {
  const { config } = mailshot
  if (seemsRobot(config, form, mailshot.now())) {
    return againPage(config, filled, filled.texts.pages.abuse.press)
  }
  const tooMany = await refuseTooMany(mailshot, request, {
    emails: [filled.email],
    lang: filled.texts.lang,
  })
  if (tooMany) return tooMany
  await subscribeBy(mailshot, request, { filled, attributes })
  return redirectTo(pagePath(config, 'subscribe'), { asked: '1', lang: filled.texts.lang })
}

async function subscribeBy(
  mailshot: Mailshot,
  request: Request,
  { filled, attributes }: Omit<FilledSignUp, 'isClosed'>,
): Promise<void> {
  const result = await subscribe(mailshot, {
    email: filled.email,
    name: filled.name,
    lang: filled.texts.lang,
    lists: chosenLists(filled),
    attributes,
    consent: {
      source: 'form',
      form: filled.form,
      wording: wordingOf(filled),
      fields: tickedConsents(mailshot.config, filled),
      ...clientOf(mailshot.config, request),
    },
  })
  if ('subscriberId' in result) {
    await flagDisposable(mailshot, result.subscriberId, filled.email)
  }
  if (result.status !== 'invalid') return
  throw new Error(
    `the sign-up form let pass: ${result.problems.map(({ text }) => text).join(', ')}`,
  )
}

/** The form once more, with what is said above it in place of the usual. */
function againPage(config: MailshotConfig, filled: SignUp, said: string): Page<SignUpView> {
  const { view, texts } = formPage(config, filled, said)
  return { status: 422, texts, view: { ...view, isDoubted: true } }
}

function closedPage(texts: Texts): Page<Notice> {
  return { status: 404, texts, view: noticeOf(texts.pages.subscribe.closed) }
}

function formPage(
  config: MailshotConfig,
  filled: SignUp,
  intro = filled.texts.pages.subscribe.intro,
): Page<SignUpView> {
  const { texts, problems } = filled
  const status = problems.length > 0 ? 422 : 200
  const languages = languagesBeside(config, texts, chosenLists(filled))
  const view = { kind: 'sign-up', signUp: filled, intro, isDoubted: false, languages } as const
  return { status, texts, view }
}

/** Somebody who came by the site's own link has chosen no language yet. */
function languagesBeside(config: MailshotConfig, { lang }: Texts, lists: string[]): Language[] {
  return textLanguages
    .filter((one) => one !== lang)
    .map((one) => {
      return {
        lang: one,
        name: nameOfLanguage(one),
        href: subscribeLink(config, textsFor(config, one), { lists }).href,
      }
    })
}
