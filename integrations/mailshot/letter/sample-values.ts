import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { wayBack } from '../subscriber/goodbye.ts'
import { linkTo } from '../token.ts'
import type { WritableKind } from './template.ts'

/** What an invented reader's letter is composed with. No link of it opens anything. */
export function sampleValues(
  { config, now }: Pick<Mailshot, 'config' | 'now'>,
  kind: Exclude<WritableKind, 're-consent'>,
  reader: { email: string; name: string; lang: string },
): Record<string, string> {
  const { email, name, lang } = reader
  const offered = Object.entries(config.lists).filter(([, list]) => list.public)
  const lists = (offered.length > 0 ? offered : Object.entries(config.lists)).slice(0, 2)
  const { page, days } = links[kind]
  const ids = lists.map(([id]) => id)
  const titled = lists.map(([, list]) => list)
  const date = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: config.timeZone })
  return {
    email,
    name,
    lang,
    inviter: 'dominique@example.org',
    lists: titlesOf(config, titled, lang),
    url: page ? linkTo(config, page, 'sample') : wayBack(config, lang, ids),
    leave_url: linkTo(config, 'unsubscribe', 'sample'),
    date: date.format(now() + days * day),
  }
}

/** Where the letters' `url` leads, and for how long. */
const links = {
  confirmation: { page: 'confirm', days: 14 },
  invitation: { page: 'confirm', days: 14 },
  welcome: { page: 'preferences', days: 0 },
  goodbye: { page: undefined, days: 0 },
  'change-address': { page: 'change-address', days: 7 },
  'address-changed': { page: undefined, days: 0 },
  links: { page: 'preferences', days: 1 },
} as const
