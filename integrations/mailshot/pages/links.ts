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

export type LinksView = Notice | LinksForm

/** Asks for the address that the links are to go to. */
export interface LinksForm {
  kind: 'links'
  email: string
  problems: { field: 'email'; text: string }[]
}

/**
 * The page for whoever has no mail of ours at hand any more: it mails the links to a person's own pages to an address that is known, and
 * says the same, in the same time, whatever is known of it.
 */
export async function linksPage(
  mailshot: Mailshot,
  request: Request,
): Promise<Page<LinksView> | Response> {
  if (request.method === 'POST') return inSameTime(mailshot, () => post(mailshot, request))
  const { config } = mailshot
  const texts = textsFor(config, readerLanguage(config, request))
  if (!new URL(request.url).searchParams.has('asked')) return formPage(texts)
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
  if (parseEmailAddress(email) === undefined) return formPage(texts, email, problemOf(texts, email))
  const tooMany = await refuseTooMany(mailshot, request, { email, lang })
  if (tooMany) return tooMany
  await mailLinks(mailshot, email)
  return redirectTo(pathOf(config), { asked: '1', lang })
}

function pathOf(config: MailshotConfig): string {
  return pagePath(config, 'links')
}

function problemOf({ pages }: Texts, email: string): string {
  return email === '' ? pages.form.noEmail : pages.form.wrongEmail
}

function formPage(texts: Texts, email = '', problem?: string): Page<LinksForm> {
  const problems = problem === undefined ? [] : [{ field: 'email' as const, text: problem }]
  return {
    status: problem === undefined ? 200 : 422,
    texts,
    view: { kind: 'links', email, problems },
  }
}
