import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import { confirm, findConfirmation, type FoundConfirmation } from '../subscriber.ts'
import { renewConfirmation } from '../subscriber/renew.ts'
import { type NoticeTexts, type Texts, textsFor } from '../texts.ts'
import { inviteLinks, pagePath, preferencesLink, sendLinksLink, subscribeLink } from './link.ts'
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
import { refuseTooMany } from './too-many.ts'
import { quotedTitles, valuesOf } from './title.ts'

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
    const renewed = status === 'expired' && (await renew(mailshot, request, token))
    if (renewed) return renewed
  }
  const found = await findConfirmation(mailshot, token)
  if (found.status === 'malformed' || found.status === 'forged') return lostPage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [found.person?.lang]))
  if (found.status === 'expired' && new URL(request.url).searchParams.has('renewed')) {
    return { status: 200, texts, view: noticeOf(texts.pages.confirm.renewed) }
  }
  return show(config, texts, found)
}

async function renew(
  mailshot: Mailshot,
  request: Request,
  token: string,
): Promise<Response | undefined> {
  const { config } = mailshot
  const found = await findConfirmation(mailshot, token)
  if (found.status !== 'expired' || !found.person || found.lists.length === 0) return undefined
  const { lang: own, written: email } = found.person
  const { lang, pages } = textsFor(config, readerLanguage(config, request, [own]))
  const tooMany = await refuseTooMany(mailshot, request, { emails: [email], lang })
  if (tooMany) return tooMany
  await renewConfirmation(mailshot, token, {
    source: 'form',
    form: 'confirm',
    wording: [pages.confirm.expired.heading, pages.confirm.renew].join('\n'),
    ...clientOf(config, request),
  })
  return redirectTo(pagePath(config, `confirm/${token}`), { renewed: '1' })
}

/** What still waits takes one button, whom we have forgotten a new sign-up. Who has confirmed long ago need do nothing. */
function showExpired(
  config: MailshotConfig,
  texts: Texts,
  { person, lists, active }: Extract<FoundConfirmation, { status: 'expired' }>,
): Page<Notice> {
  const words = texts.pages.confirm
  if (person && lists.length > 0) {
    const values = valuesOf(config, texts, { ...person, lists })
    const form = { fields: {}, button: words.renew }
    return { status: 410, texts, view: noticeOf(words.expired, values, { form }) }
  }
  if (person && active.length > 0) {
    const values = valuesOf(config, texts, { ...person, lists: active })
    // Not to their own page: a link that has expired opens nothing.
    const links = [sendLinksLink(config, texts)]
    return { status: 200, texts, view: noticeOf(words.confirmed, values, { links }) }
  }
  const links = [subscribeLink(config, texts, { label: words.again })]
  return { status: 410, texts, view: noticeOf(words.lapsed, {}, { links }) }
}

type Known = Exclude<FoundConfirmation, { status: 'malformed' | 'forged' }>

function show(config: MailshotConfig, texts: Texts, found: Known): Page<Notice> {
  const words = texts.pages.confirm
  switch (found.status) {
    case 'expired':
      return showExpired(config, texts, found)
    case 'ended': {
      const links = [subscribeLink(config, texts, { label: words.again })]
      return { status: 410, texts, view: noticeOf(words.ended, {}, { links }) }
    }
    case 'suppressed':
      return suppressedPage(config, texts, found.person)
    case 'ready': {
      const form = { fields: {}, button: words.button }
      const agreed = found.agreed.map(({ wording }) => wording.replaceAll('\n', ' '))
      const values = {
        ...valuesOf(config, texts, { ...found.person, lists: found.lists }),
        boxes: quotedTitles(texts, agreed),
      }
      const ready = agreed.length > 0 ? withBoxes(words) : words.ready
      return { status: 200, texts, view: noticeOf(ready, values, { form }) }
    }
    case 'confirmed': {
      const { id } = found.person
      const links = [preferencesLink(config, texts, id), ...inviteLinks(config, texts, id)]
      const values = valuesOf(config, texts, { ...found.person, lists: found.lists })
      return { status: 200, texts, view: noticeOf(words.confirmed, values, { links }) }
    }
  }
}

/** Before the sentence that tells whoever did not ask what to do. */
function withBoxes({ ready, agree }: Texts['pages']['confirm']): NoticeTexts {
  return { ...ready, paragraphs: ready.paragraphs.toSpliced(1, 0, agree) }
}
