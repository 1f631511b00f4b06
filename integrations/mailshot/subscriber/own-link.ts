import type { MailshotConfig } from '../config.ts'
import { day } from '../pace-limit.ts'
import { linkTo, signToken } from '../token.ts'
import { digestOf } from './address-digest.ts'
import type { Person } from './person.ts'

/** How long a link that was asked for opens more than others, in ms. */
export const freshLife = day

/** What the token of a link to a person's own page says. */
export interface OwnLink {
  subscriberId: number
  /** Of one that was mailed on its own: until when, in seconds since 1970, and to which address. 0 in all others. */
  until: number
  digest: number
}

/** A link for a letter that the person has asked for just now. */
export function freshLink(
  config: MailshotConfig,
  { id, email }: Pick<Person, 'id' | 'email'>,
  now: number,
): { url: string; expiresAt: number } {
  const until = Math.ceil((now + freshLife) / 1000)
  const token = ownToken(config, { subscriberId: id, until, digest: digestOf(email) })
  return { url: linkTo(config, 'preferences', token), expiresAt: until * 1000 }
}

/** Signs what a link says, whatever it has been through on its way here. */
export function ownToken(
  { secrets }: Pick<MailshotConfig, 'secrets'>,
  { subscriberId, until, digest }: OwnLink,
): string {
  const ids = until === 0 ? [subscriberId] : [subscriberId, until, digest]
  return signToken(secrets, 'preferences', ids)
}

export function readOwnLink([subscriberId = 0, until = 0, digest = 0]: readonly number[]): OwnLink {
  return { subscriberId, until, digest }
}

/**
 * Whether a link shows that its bearer reads the mails of that person today. Links in newsletters show that somebody has had one, who
 * may have it from a reader who forwarded it: they are for what can be taken back. Nor does one that went to an address of before.
 */
export function isFresh({ until, digest }: OwnLink, { email }: Person, now: number): boolean {
  return until * 1000 > now && digest === digestOf(email)
}
