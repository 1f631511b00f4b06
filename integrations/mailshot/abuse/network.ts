import { isIPv6 } from 'node:net'

/** The first bits of a plain address, as one spelling for all of a network: `203.0.113/24`, `2001:db8:1/48`. */
export function networkOf(address: string, bits: 24 | 48 | 64): string {
  const parts = isIPv6(address)
    ? groupsOf(address).slice(0, bits / 16)
    : address.split('.').slice(0, bits / 8)
  return `${parts.join(isIPv6(address) ? ':' : '.')}/${bits}`
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), without leading zeros. */
export function groupsOf(address: string): string[] {
  // The platform's own parser writes each address in one way only (WHATWG URL, RFC 5952).
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [head = '', tail] = plain.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean))
  const groups = [...(before ?? []), ...(after ?? [])]
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - groups.length }, () => '0')
  return [...(before ?? []), ...zeros, ...(after ?? [])]
}
