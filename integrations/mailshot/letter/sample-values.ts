import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { newAddressLife } from '../subscriber/address.ts'
import { confirmationLife } from '../subscriber/ask.ts'
import { wayBack } from '../subscriber/goodbye.ts'
import { freshLife } from '../subscriber/own-link.ts'
import { linkTo } from '../token.ts'
import { letterDate } from './date.ts'
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
  const { page, life } = links[kind]
  const ids = lists.map(([id]) => id)
  const titled = lists.map(([, list]) => list)
  return {
    email,
    name,
    lang,
    inviter: 'dominique@example.org',
    lists: titlesOf(config, titled, lang),
    url: page ? linkTo(config, page, 'sample') : wayBack(config, lang, ids),
    leave_url: linkTo(config, 'unsubscribe', 'sample'),
    date: letterDate(config, { kind, until: now() + life }, lang),
  }
}

/** Where the letters' `url` leads, and for how long, in ms. */
const links = {
  confirmation: { page: 'confirm', life: confirmationLife },
  invitation: { page: 'confirm', life: confirmationLife },
  welcome: { page: 'preferences', life: 0 },
  goodbye: { page: undefined, life: 0 },
  'change-address': { page: 'change-address', life: newAddressLife },
  'address-changed': { page: undefined, life: 0 },
  links: { page: 'preferences', life: freshLife },
} as const
