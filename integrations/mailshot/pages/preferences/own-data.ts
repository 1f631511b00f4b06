import type { Mailshot } from '../../mailshot.ts'
import type { Person } from '../../subscriber.ts'
import { erase } from '../../subscriber/erase.ts'
import type { Texts } from '../../texts.ts'
import type { PageLink } from '../link.ts'
import type { Notice } from '../notice.ts'
import { type Page, redirectTo } from '../page.ts'
import { answerData } from './data.ts'
import { eraseForGoodPage, erasePage } from './erase.ts'

/** What somebody may do with what is held about them who gets no mail any more. */
export interface OwnDataForm {
  kind: 'data'
  erase: string
  links: PageLink[]
}

interface Asking {
  person: Person
  texts: Texts
  /** The person's own page. */
  own: string
}

/** What a link of the page asks to see: the form, or what an erasure means; undefined where it asks for neither. */
export function ownDataPage(
  query: URLSearchParams,
  { person, texts, own }: Asking,
): Page<OwnDataForm | Notice> | undefined {
  if (query.get('erase') === 'sure') return eraseForGoodPage(texts, { person, own })
  if (query.has('erase')) return erasePage(texts, { person, own })
  if (!query.has('data')) return undefined
  return { status: 200, texts, view: { kind: 'data', erase: `${own}?erase=1`, links: [] } }
}

/** Whether a button is about what is held. */
export function isAboutData(what: string): boolean {
  return ['export-json', 'export-html', 'erase', 'erase-for-good'].includes(what)
}

/** Does what a button says that is about what is held, for everybody; undefined for one that says something else. */
export async function doWithData(
  mailshot: Mailshot,
  what: string,
  { person, texts, own }: Asking,
): Promise<Response | undefined> {
  const subscriberId = person.id
  switch (what) {
    case 'export-json':
      return answerData(mailshot, texts, { subscriberId, format: 'json' })
    case 'export-html':
      return answerData(mailshot, texts, { subscriberId, format: 'html' })
    case 'erase':
      return redirectTo(own, { erase: 'sure' })
    case 'erase-for-good':
      await erase(mailshot, subscriberId, 'subscriber')
      // Nobody knows any more in which language to say so.
      return redirectTo(own, { erased: '1', lang: texts.lang })
    default:
      return undefined
  }
}
