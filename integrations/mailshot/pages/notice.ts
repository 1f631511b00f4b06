import type { MailshotConfig } from '../config.ts'
import { readerLanguage } from '../reader-language.ts'
import type { Person } from '../subscriber.ts'
import { fill, type NoticeTexts, type Texts, textsFor } from '../texts.ts'
import { type PageLink, sendLinksLink, subscribeLink, writeLink } from './link.ts'
import type { Page } from './page.ts'
import type { LeaveQuestion } from './unsubscribe/why.ts'

/** A page that says something, with at most one button to press, and where to go from there. */
export interface Notice {
  kind: 'notice'
  heading: string
  paragraphs: string[]
  form?: NoticeForm
  /** Of somebody who has just left. */
  why?: LeaveQuestion
  links: PageLink[]
}

export interface NoticeForm {
  /** Above the button. */
  lead?: string
  /** What is posted, to the page's own address. */
  fields: Record<string, string>
  button: string
  /** What it does cannot be undone. */
  isFinal?: boolean
}

/** A notice with its words filled; what a value holds is text, never markup. */
export function noticeOf(
  { heading, paragraphs }: NoticeTexts,
  values: Record<string, string> = {},
  rest: { form?: NoticeForm; links?: PageLink[] } = {},
): Notice {
  const words = (text: string) => fill(text, values)
  const filled = { heading: words(heading), paragraphs: paragraphs.map(words) }
  return { kind: 'notice', links: [], ...rest, ...filled }
}

/** The page for whoever comes with a link that is cut or was not made here: it helps, and says nothing of anybody. */
export function lostPage(config: MailshotConfig, request: Request): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const links = [
    writeLink(config, texts),
    sendLinksLink(config, texts),
    subscribeLink(config, texts),
  ]
  return { status: 404, texts, view: noticeOf(texts.pages.lost, {}, { links }) }
}

/** The page behind the links of a test mail to somebody who is no subscriber. */
export function testPage(config: MailshotConfig, request: Request): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const links = [subscribeLink(config, texts)]
  return { status: 200, texts, view: noticeOf(texts.pages.test, {}, { links }) }
}

/** What the links of a test mail, or of a preview, have in place of a token. */
export function isSampleToken(token: string): boolean {
  return token === 'sample'
}

/** The page behind a link to somebody who was erased since. */
export function gonePage(config: MailshotConfig, request: Request): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const links = [subscribeLink(config, texts)]
  return { status: 410, texts, view: noticeOf(texts.pages.gone, {}, { links }) }
}

/** The page for a person whose address gets nothing, and not by their own wish: why, and what to do. */
export function suppressedPage(
  config: MailshotConfig,
  texts: Texts,
  { suppressed, written }: Person,
): Page<Notice> {
  const isBounced = suppressed === 'hard-bounce'
  const words = isBounced ? texts.pages.bounced : texts.pages.blocked
  const link = isBounced ? subscribeLink(config, texts) : writeLink(config, texts)
  return { status: 403, texts, view: noticeOf(words, { email: written }, { links: [link] }) }
}
