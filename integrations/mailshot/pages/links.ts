import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { inSameTime } from '../same-time.ts'
import { mailLinks } from '../subscriber/links.ts'
import { type Texts, textsFor } from '../texts.ts'
import { fieldOf } from './form.ts'
import { pagePath, subscribeLink, writeLink } from './link.ts'
import { type Notice, noticeOf } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { refuseTooMany } from './too-many.ts'
import { openSince, seemsRobot } from './trap.ts'

export type LinksView = Notice | LinksForm

/** Asks for the address that the links are to go to. */
export interface LinksForm {
  kind: 'links'
  email: string
  problems: { field: 'email'; text: string }[]
  /** Says, signed, since when it is open. */
  since: string
  /** Whether it looked like a robot's, so that it is to be sent once more. */
  isDoubted: boolean
}

/**
 * The page for whoever has no mail of ours at hand any more: it mails the links to a person's own pages to an address that is known, and
 * says the same, in the same time, whatever is known of it.
 */
export async function linksPage(
  mailshot: Mailshot,
  request: Request,
): Promise<Page<LinksView> | Response> {
  if (request.method === 'POST') return post(mailshot, request)
  const { config } = mailshot
  const texts = textsFor(config, readerLanguage(config, request))
  if (!new URL(request.url).searchParams.has('asked')) {
    return formPage(texts, { since: openSince(config, mailshot.now(), false) })
  }
  const links = [writeLink(config, texts), subscribeLink(config, texts)]
  return { status: 200, texts, view: noticeOf(texts.pages.sendLinks.asked, {}, { links }) }
}

async function post(mailshot: Mailshot, request: Request): Promise<Page<LinksView> | Response> {
  const { config } = mailshot
  const form = await readForm(request)
  if ('refused' in form) return refusalPage(config, request, { status: form.refused })
  const texts = textsFor(config, readerLanguage(config, request, [fieldOf(form, 'lang')]))
  const { lang } = texts
  const email = fieldOf(form, 'email').trim().slice(0, 320)
  const since = openSince(config, mailshot.now(), true)
  if (parseEmailAddress(email) === undefined) {
    return formPage(texts, { email, since, problem: problemOf(texts, email) })
  }
  if (seemsRobot(config, form, mailshot.now())) {
    return formPage(texts, { email, since, isDoubted: true })
  }
  return inSameTime(mailshot, async () => {
    const tooMany = await refuseTooMany(mailshot, request, { emails: [email], lang })
    if (tooMany) return tooMany
    await mailLinks(mailshot, email)
    return redirectTo(pathOf(config), { asked: '1', lang })
  })
}

function pathOf(config: MailshotConfig): string {
  return pagePath(config, 'links')
}

function problemOf({ pages }: Texts, email: string): string {
  return email === '' ? pages.form.noEmail : pages.form.wrongEmail
}

function formPage(
  texts: Texts,
  {
    email = '',
    since,
    problem,
    isDoubted = false,
  }: { email?: string; since: string; problem?: string; isDoubted?: boolean },
): Page<LinksForm> {
  const problems = problem === undefined ? [] : [{ field: 'email' as const, text: problem }]
  return {
    status: problem === undefined && !isDoubted ? 200 : 422,
    texts,
    view: { kind: 'links', email, problems, since, isDoubted },
  }
}
