import { hash } from 'node:crypto'

/**
 * The keys that the unsubscribe links in a person's old mails carry: of everything, and of each list alone, since a mail to one list
 * links to that one. SPIP makes them with the site's secret, which stands in its table `meta` up to SPIP 4.1; so they are made
 * once here, and the secret is not kept.
 */
export function formerKeys(
  secret: string,
  { email, token, lists }: { email: string; token: string; lists: readonly number[] },
): string[] {
  const signed = ['', ...new Set(lists)].map((list) => (list === '' ? '' : `+${list}`))
  return signed.map((places) => hash('sha1', `unsubscribe-${email}-${token}${places}${secret}`))
}
