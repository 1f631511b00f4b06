import { domainToUnicode } from 'node:url'
import { distance } from '../closest.ts'
import { domainOf, parseEmailAddress } from '../email-address.ts'
import { isDisposable } from './disposable.ts'
import { isMailService, mailServices } from './mail-domains.ts'

/** Nearer names are too easily another, real one: no domain shorter than this is suggested. */
const shortest = 7
/** Two slips are believed in a name of this length. */
const long = 10

/**
 * The address that somebody most likely meant, where they wrote the name of a large mail service with a slip: `zoe@gmial.com` →
 * `zoe@gmail.com`. It asks nobody, and knows no more than the names. Services for throw-away mail are not suggested.
 */
export async function meantAddress(email: string): Promise<string | undefined> {
  const address = parseEmailAddress(email)
  if (!address) return undefined
  const domain = domainOf(address.identity)
  if (isMailService(domain)) return undefined
  const meant = meantDomain(domain)
  if (meant === undefined || (await isDisposable(meant))) return undefined
  return `${address.written.slice(0, address.written.lastIndexOf('@'))}@${meant}`
}

function meantDomain(ascii: string): string | undefined {
  // A letter of another script that looks the same is one slip there, and many in ASCII (RFC 3492).
  const domain = domainToUnicode(ascii)
  const [label = ''] = domain.split('.')
  const only = onlyEnding.get(label)
  if (only !== undefined && domain.split('.').length === 2) return only
  const [nearest] = mailServices
    .filter((one) => one.length >= shortest)
    .map((one) => ({ one, steps: distance(domain, one) }))
    .filter(({ one, steps }) => steps <= (one.length >= long ? 2 : 1))
    .toSorted((a, b) => a.steps - b.steps)
  return nearest?.one
}

/** Services whose name has few endings beside those that are known: any other is most likely a slip. */
const onlyEnding = new Map(
  ['gmail.com', 'googlemail.com', 'icloud.com', 'hotmail.com', 'outlook.com'].map((domain) => [
    domain.slice(0, domain.indexOf('.')),
    domain,
  ]),
)
