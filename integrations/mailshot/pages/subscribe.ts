import type { AttributeValue } from '../../../db/schema.ts'
import { flagDisposable } from '../abuse/disposable.ts'
import { nameOfLanguage } from '../campaign/language-tag.ts'
import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import { inSameTime } from '../same-time.ts'
import { subscribe } from '../subscriber.ts'
import { textLanguages, type Texts, textsFor } from '../texts.ts'
import { addressIn, doubtAddress } from './address-doubt.ts'
import { readFields } from './field.ts'
import { fieldOf, fieldsOf } from './form.ts'
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
  type SignUpProblem,
  tickedConsents,
  wordingOf,
} from './sign-up.ts'
import { openSince, seemsRobot } from './trap.ts'

export type SubscribeView = Notice | SignUpView

export interface SignUpView {
  kind: 'sign-up'
  signUp: SignUp
  /** What is said above the form. */
  intro: string
  /** Whether that asks for one more press. */
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
  if (publicListsOf(config).length === 0) {
    return { status: 404, texts, view: noticeOf(words.closed) }
  }
  const chosen = searchParams.getAll('list').flatMap((lists) => lists.split(','))
  const form = { lang: texts.lang, form: pagePath(config, 'subscribe'), chosen, asksName: true }
  const empty = signUp(config, form)
  const isClosed = chosen.length > 0 && chosenLists(empty).length === 0
  const since = openSince(config, mailshot.now(), false)
  return formPage(config, { ...empty, since }, isClosed ? words.closedList : words.intro)
}

async function post(mailshot: Mailshot, request: Request): Promise<Page<SubscribeView> | Response> {
  const { config } = mailshot
  const form = await readForm(request)
  if ('refused' in form) return refusalPage(config, request, { status: form.refused })
  const given = await readSignUp(mailshot, request, form)
  if (given.filled.problems.length > 0) return formPage(config, given.filled)
  return inSameTime(mailshot, () => answerPost(mailshot, request, { form, ...given }))
}

async function answerPost(
  mailshot: Mailshot,
  request: Request,
  { form, filled, attributes }: FilledSignUp & { form: FormData },
): Promise<Page<SubscribeView> | Response> {
  const { config } = mailshot
  if (seemsRobot(config, form, mailshot.now())) {
    const { view, texts } = formPage(config, filled, filled.texts.pages.abuse.press)
    return { status: 422, texts, view: { ...view, isDoubted: true } }
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
  { filled, attributes }: FilledSignUp,
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

interface FilledSignUp {
  filled: SignUp
  attributes: Record<string, AttributeValue>
}

/** The form as it was filled in, wherever it stood. What it claims to offer is only what anyone may sign up to. */
async function readSignUp(
  mailshot: Mailshot,
  request: Request,
  form: FormData,
): Promise<FilledSignUp> {
  const { config } = mailshot
  const lang = readerLanguage(config, request, [fieldOf(form, 'lang')])
  const asking = { config, texts: textsFor(config, lang) }
  const { fields, attributes, problems } = readFields(asking, form, { required: true })
  const address = addressIn(form)
  const publicLists = publicListsOf(config)
  const claimed = fieldsOf(form, 'offered')
  const offered = publicLists.filter((list) => claimed.includes(list))
  const filled = {
    ...signUp(config, {
      lang,
      form: standsAt(config, request, fieldOf(form, 'form')),
      lists: offered.length > 0 ? offered : publicLists,
      chosen: fieldsOf(form, 'list'),
      asksName: form.has('name'),
      fields: [],
    }),
    fields,
    email: address.email.slice(0, 320),
    name: fieldOf(form, 'name').slice(0, 200),
    since: openSince(config, mailshot.now(), true),
  }
  const doubt = await doubtAddress(config, filled.texts, address)
  const doubted = doubt ? [{ field: 'email' as const, text: doubt.text }] : []
  return {
    filled: {
      ...filled,
      suggestion: doubt?.suggestion,
      problems: [...problemsOf(filled), ...doubted, ...problems],
    },
    attributes,
  }
}

/** Where a form stands: with the other site before it, where it is on one. */
function standsAt(config: MailshotConfig, { headers }: Request, form: string): string {
  const origin = headers.get('origin') ?? ''
  const at = config.signUp.origins.includes(origin) ? origin + form.replace(/^[^/].*/, '') : form
  return at.slice(0, 200) || pagePath(config, 'subscribe')
}

/** In the order of the form. */
function problemsOf(filled: SignUp): SignUpProblem[] {
  const { email, texts } = filled
  const { noEmail, wrongEmail, noList } = texts.pages.form
  return [
    ...(chosenLists(filled).length === 0 ? [{ field: 'lists' as const, text: noList }] : []),
    ...(parseEmailAddress(email) === undefined
      ? [{ field: 'email' as const, text: email.trim() === '' ? noEmail : wrongEmail }]
      : []),
  ]
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
