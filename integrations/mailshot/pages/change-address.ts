import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { readerLanguage } from '../reader-language.ts'
import { openPlaces } from '../subscriber.ts'
import { changeAddress, findNewAddress, type FoundAddress } from '../subscriber/address.ts'
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
 * The page behind the link that a new address is mailed: by GET one button, by POST what that says. It names nobody's old address, since
 * the new one may have been mistyped.
 */
export async function changeAddressPage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return testPage(config, request)
  if (request.method === 'POST') {
    const form = await readForm(request)
    if ('refused' in form) return refusalPage(config, request, { status: form.refused })
    const { status } = await changeAddress(mailshot, token)
    if (status === 'changed') return redirectTo(pagePath(config, `change-address/${token}`))
  }
  const found = await findNewAddress(mailshot, token)
  if (found.status === 'lost') return lostPage(config, request)
  const texts = textsFor(config, readerLanguage(config, request, [found.person?.lang]))
  return show(config, texts, found)
}

type Known = Exclude<FoundAddress, { status: 'lost' }>

function show(config: MailshotConfig, texts: Texts, found: Known): Page<Notice> {
  const words = texts.pages.changeAddress
  switch (found.status) {
    case 'ended':
    case 'expired': {
      const links = [subscribeLink(config, texts)]
      return { status: 410, texts, view: noticeOf(words[found.status], {}, { links }) }
    }
    case 'suppressed':
      return suppressedPage(config, texts, { ...found.person, suppressed: 'manual' })
    case 'changed': {
      const { written: email, id } = found.person
      const links = [preferencesLink(config, texts, id)]
      return { status: 200, texts, view: noticeOf(words.changed, { email }, { links }) }
    }
    case 'ready':
      return { status: 200, texts, view: readyNotice(config, texts, found) }
  }
}

/** With what the address will get, of both where somebody is known by it. */
function readyNotice(
  config: MailshotConfig,
  texts: Texts,
  { person, other, address }: Extract<Known, { status: 'ready' }>,
): Notice {
  const words = texts.pages.changeAddress
  const open = [person, ...(other ? [other] : [])].flatMap(openPlaces)
  const lists = [...new Set(open.map(({ list }) => list))]
  const places = lists.flatMap((id) => open.find(({ list }) => list === id) ?? [])
  const values = valuesOf(config, texts, { written: address.written, places, lists })
  const { heading, paragraphs } = words.ready
  const [first = '', ...rest] = paragraphs
  const said = lists.length > 0 ? [first, words.lists, ...rest] : paragraphs
  const form = { fields: {}, button: words.button }
  return noticeOf({ heading, paragraphs: said }, values, { form })
}
