import type { MailshotConfig } from '../../config.ts'
import type { Leaving, Person } from '../../subscriber.ts'
import { fill, type Texts } from '../../texts.ts'
import { preferencesLink, subscribeLink, writeLink } from '../link.ts'
import { type Notice, noticeOf } from '../notice.ts'
import { valuesOf } from '../title.ts'
import { leaveQuestion } from './why.ts'

/** What was left just now, with the button that takes it back, and the question why unless that is answered. */
export function leftNotice(
  config: MailshotConfig,
  texts: Texts,
  { person, leaving, hasTold }: { person: Person; leaving: Leaving; hasTold: boolean },
): Notice {
  const words = texts.pages.unsubscribe
  const { everything, lists, at } = leaving
  const fields = { undo: String(at) }
  const form = { lead: words.undo, fields, button: words.undoButton }
  const links = [preferencesLink(config, texts, person.id)]
  const values = valuesOf(config, texts, { ...person, lists })
  const { heading, paragraphs } = everything ? words.leftEverything : words.left
  const said = { heading, paragraphs: hasTold ? [...paragraphs, words.why.thanks] : paragraphs }
  const notice = noticeOf(said, values, { form, links })
  return hasTold ? notice : { ...notice, why: leaveQuestion(texts) }
}

/** Of what was taken back, as it is now; undefined when nothing is left of it. */
export function undoneNotice(
  config: MailshotConfig,
  texts: Texts,
  { person, restored }: { person: Person; restored: string[] },
): Notice | undefined {
  const { heading, active, waiting } = texts.pages.unsubscribe.undone
  const places = person.places.filter(({ list }) => restored.includes(list))
  const sentences = [
    { words: active, named: places.filter(({ status }) => status === 'active') },
    { words: waiting, named: places.filter(({ status }) => status === 'pending') },
  ].filter(({ named }) => named.length > 0)
  if (sentences.length === 0 || person.suppressed) return undefined
  const paragraphs = sentences.map(({ words, named }) =>
    fill(words, valuesOf(config, texts, { ...person, lists: named.map(({ list }) => list) })),
  )
  const links = [preferencesLink(config, texts, person.id)]
  return noticeOf({ heading, paragraphs }, {}, { links })
}

/** To an address that gets nothing, and not by its owner’s wish. */
export function alreadyNotice(config: MailshotConfig, texts: Texts, { written }: Person): Notice {
  const links = [writeLink(config, texts)]
  return noticeOf(texts.pages.unsubscribe.already, { email: written }, { links })
}

export function tooLateNotice(config: MailshotConfig, texts: Texts, person: Person): Notice {
  const links = [preferencesLink(config, texts, person.id)]
  return noticeOf(texts.pages.unsubscribe.tooLate, { email: person.written }, { links })
}

/** To somebody who is on no list. */
export function noneNotice(config: MailshotConfig, texts: Texts, person: Person): Notice {
  const links = [preferencesLink(config, texts, person.id), subscribeLink(config, texts)]
  return noticeOf(texts.pages.unsubscribe.none, { email: person.written }, { links })
}
