import type { MailshotConfig } from '../../config.ts'
import type { Person } from '../../subscriber.ts'
import { type Texts, textsFor } from '../../texts.ts'
import { readerLanguage } from '../../reader-language.ts'
import { subscribeLink } from '../link.ts'
import { type Notice, noticeOf } from '../notice.ts'
import type { Page } from '../page.ts'

/** Says what an erasure takes and what it leaves; its button asks once more. */
export function erasePage(
  texts: Texts,
  { person, own }: { person: Person; own: string },
): Page<Notice> {
  const { ask, button, back } = texts.pages.erase
  const form = { fields: { do: 'erase' }, button }
  const links = [{ label: back, href: own }]
  const view = noticeOf(ask, { email: person.written }, { form, links })
  return { status: 200, texts, view }
}

/** The second question, whose button does it. */
export function eraseForGoodPage(
  texts: Texts,
  { person, own }: { person: Person; own: string },
): Page<Notice> {
  const { sure, sureButton, back } = texts.pages.erase
  const form = { fields: { do: 'erase-for-good' }, button: sureButton, isFinal: true }
  const links = [{ label: back, href: own }]
  const view = noticeOf(sure, { email: person.written }, { form, links })
  return { status: 200, texts, view }
}

/** What follows, of whom nothing is known any more. */
export function erasedPage(config: MailshotConfig, request: Request): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const links = [subscribeLink(config, texts)]
  return { status: 200, texts, view: noticeOf(texts.pages.erase.done, {}, { links }) }
}
