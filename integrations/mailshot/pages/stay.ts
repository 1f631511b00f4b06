import type { MailshotConfig } from '../config.ts'
import { readForm } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { clientOf } from '../privacy/client.ts'
import { readerLanguage } from '../reader-language.ts'
import { type Asked, findAsked, stayStatements } from '../reconsent/answer.ts'
import { findPerson, type Person } from '../subscriber.ts'
import { type Texts, textsFor } from '../texts.ts'
import { signToken, verifyToken } from '../token.ts'
import { pagePath, preferencesLink, subscribeLink } from './link.ts'
import { gonePage, isSampleToken, lostPage, type Notice, noticeOf, testPage } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { refusalPage } from './refusal.ts'
import { valuesOf } from './title.ts'

/**
 * The page behind the link by which a reader who was asked again stays on a list: by GET one button, by POST what that says. GET changes
 * nothing.
 */
export async function stayPage(
  mailshot: Mailshot,
  request: Request,
  token = '',
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return testPage(config, request)
  const verified = verifyToken(config.secrets, 'stay', token, mailshot.now())
  if ('refused' in verified) return lostPage(config, request)
  const [signed = 0, recipientId = 0] = verified.ids
  if (signed === 0) return testPage(config, request)
  const person = await findPerson(mailshot, signed)
  if (!person) return gonePage(config, request)
  const subscriberId = person.id
  const texts = textsFor(config, readerLanguage(config, request, [person.lang]))
  const asked = await findAsked(mailshot, { subscriberId, recipientId })
  const link = { person, recipientId, asked }
  if (request.method !== 'POST') return show(config, texts, link)
  const form = await readForm(request)
  if ('refused' in form) {
    return refusalPage(config, request, { status: form.refused, lang: texts.lang })
  }
  if (asked?.status !== 'open') return show(config, texts, link)
  const { list, askedAt } = asked
  // The words are kept for ever, once for all who have read them: without the reader's address.
  const unnamed = { ...link, person: { ...person, written: '{email}' } }
  const wording = wordsOf(show(config, texts, unnamed).view)
  const from = { wording, lang: texts.lang, ...clientOf(config, request) }
  await mailshot.db.write(...stayStatements(mailshot, { subscriberId, list, askedAt }, from))
  return redirectTo(pagePath(config, `stay/${token}`))
}

interface Link {
  person: Person
  recipientId: number
  asked: Asked | undefined
}

function show(
  config: MailshotConfig,
  texts: Texts,
  { person, recipientId, asked }: Link,
): Page<Notice> {
  const words = texts.pages.stay
  if (!asked || asked.status === 'ended') {
    const links = [subscribeLink(config, texts, { lists: asked ? [asked.list] : [] })]
    return { status: 410, texts, view: noticeOf(words.ended, {}, { links }) }
  }
  const values = valuesOf(config, texts, { ...person, lists: [asked.list] })
  if (asked.status === 'stayed') {
    const links = [preferencesLink(config, texts, person.id)]
    return { status: 200, texts, view: noticeOf(words.stayed, values, { links }) }
  }
  const token = signToken(config.secrets, 'unsubscribe', [person.id, recipientId])
  const links = [{ label: words.leave, href: pagePath(config, `unsubscribe/${token}`) }]
  const form = { fields: {}, button: words.button }
  return { status: 200, texts, view: noticeOf(words.ready, values, { form, links }) }
}

/** What a reader has read who presses the button. */
function wordsOf({ heading, paragraphs, form }: Notice): string {
  return [heading, ...paragraphs, form?.button ?? ''].join('\n')
}
