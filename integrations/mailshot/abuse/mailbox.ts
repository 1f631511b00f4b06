import { domainOf, type EmailAddress } from '../email-address.ts'

/** Its mailboxes have the same address with and without dots, at either of its domains. */
const dotless = ['gmail.com', 'googlemail.com']

/**
 * The mailbox that an address most likely belongs to, for counting alone: a tag behind a plus makes no other one (RFC 5233), nor does a
 * dot at Gmail. Who floods somebody would else have as many addresses of theirs as they like.
 */
export function mailboxOf(identity: EmailAddress): string {
  const local = identity.slice(0, identity.lastIndexOf('@'))
  const name = local.replace(/(?!^)\+.*$/, '')
  const domain = domainOf(identity)
  return dotless.includes(domain) ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}
