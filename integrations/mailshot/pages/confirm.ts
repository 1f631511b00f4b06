import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import { confirm, findConfirmation, type FoundConfirmation } from '../subscriber.ts'
import { type Texts, textsFor } from '../texts.ts'
import { pagePath, preferencesLink, subscribeLink } from './link.ts'
import {
  isSampleToken,
  lostPage,
  type Notice,
  noticeOf,
  suppressedPage,
  testPage,
} from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { valuesOf } from './title.ts'

/**
 * The page behind the link of a confirmation: by GET one button, by POST what that says. Once it is done, the same address
 * tells that it is.
 */
export async function confirmPage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return testPage(config, request)
  if (request.method === 'POST') {
    const form = await readForm(request)
    if ('refused' in form) return refusalPage(config, request, { status: form.refused })
    const { status } = await confirm(mailshot, token, clientOf(config, request))
    if (status === 'confirmed') return redirectTo(pagePath(config, `confirm/${token}`))
  }
  const found = await findConfirmation(mailshot, token)
  if (found.status === 'malformed' || found.status === 'forged') return lostPage(config, request)
  return show(
    config,
    textsFor(config, readerLanguage(config, request, [found.person?.lang])),
    found,
  )
}

type Known = Exclude<FoundConfirmation, { status: 'malformed' | 'forged' }>

function show(config: MailshotConfig, texts: Texts, found: Known): Page<Notice> {
  const words = texts.pages.confirm
  switch (found.status) {
    case 'expired': {
      const again = { label: words.again, lists: found.lists }
      const links = [subscribeLink(config, texts, again)]
      return { status: 410, texts, view: noticeOf(words.expired, {}, { links }) }
    }
    case 'ended': {
      const links = [subscribeLink(config, texts, { label: words.again })]
      return { status: 410, texts, view: noticeOf(words.ended, {}, { links }) }
    }
    case 'suppressed':
      return suppressedPage(config, texts, found.person)
    case 'ready': {
      const form = { fields: {}, button: words.button }
      const values = valuesOf(config, texts, { ...found.person, lists: found.lists })
      return { status: 200, texts, view: noticeOf(words.ready, values, { form }) }
    }
    case 'confirmed': {
      const links = [preferencesLink(config, texts, found.person.id)]
      const values = valuesOf(config, texts, { ...found.person, lists: found.lists })
      return { status: 200, texts, view: noticeOf(words.confirmed, values, { links }) }
    }
  }
}
