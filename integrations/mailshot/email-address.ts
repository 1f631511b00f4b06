import { domainToASCII } from 'node:url'
import type { Mailbox } from './transport.ts'

/** A normalised address, the identity of a subscriber: lower case, IDN in ASCII. Only `parseEmailAddress` makes one. */
export type EmailAddress = string & { readonly brand: unique symbol }

export interface ParsedAddress {
  /** The identity: lower case, domain in ASCII (RFC 5891). */
  identity: EmailAddress
  /** As the person wrote it, trimmed, domain in ASCII: what mail goes to. */
  written: string
}

// The dot-atom of RFC 5322 §3.2.3, with the UTF-8 that RFC 6531 allows left out: few servers take it.
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const asciiDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/

/** Reads one address; `undefined` when a mail could not be sent to it (RFC 5321 §4.5.3.1 limits included). */
export function parseEmailAddress(text: string): ParsedAddress | undefined {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  if (at < 1) return undefined
  const local = trimmed.slice(0, at)
  const domain = domainToASCII(trimmed.slice(at + 1).toLowerCase())
  if (local.length > 64 || domain.length > 253) return undefined
  if (!localPart.test(local) || !asciiDomain.test(domain)) return undefined
  const written = `${local}@${domain}`
  return { identity: asIdentity(written.toLowerCase()), written }
}

/** Reads `Rédaction <news@example.org>`, `"Rédaction" <…>` or a bare address. */
export function parseMailbox(text: string): Mailbox | undefined {
  const match = /^\s*(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>\s*$/.exec(text)
  const parsed = parseEmailAddress(match?.[3] ?? text)
  const name = (match?.[1] ?? match?.[2] ?? '').trim()
  // eslint-disable-next-line no-control-regex -- a control character in a name could end the header line
  if (!parsed || /[\u0000-\u001f\u007f]/.test(name)) return undefined
  return { name, address: parsed.written }
}

/** The part after the @, which domain limits count by. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

function asIdentity(normalised: string): EmailAddress {
  return normalised as EmailAddress
}
