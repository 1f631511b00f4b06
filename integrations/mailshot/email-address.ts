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

// `domainToASCII` reads like a browser: it would cut `b.org` out of `b.org/x` and decode `%62`.
const domainText = /^(?:[a-z0-9.-]|\P{ASCII})+$/u
// What copying from a page or a word processor leaves inside a text, unseen.
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g

/** Reads one address; `undefined` when a mail could not be sent to it (RFC 5321 §4.5.3.1 limits included). */
export function parseEmailAddress(text: string): ParsedAddress | undefined {
  const cleaned = text.replace(invisible, '').trim()
  const at = cleaned.lastIndexOf('@')
  if (at < 1) return undefined
  const local = cleaned.slice(0, at)
  const domainPart = cleaned.slice(at + 1).toLowerCase()
  const domain = domainText.test(domainPart) ? domainToASCII(domainPart) : ''
  const written = `${local}@${domain}`
  const identity = written.toLowerCase()
  return isIdentity(identity) ? { identity, written } : undefined
}

/** Reads `Rédaction <news@example.org>`, `"Rédaction" <…>` or a bare address. */
export function parseMailbox(text: string): Mailbox | undefined {
  const match = /^\s*(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>\s*$/.exec(text)
  const parsed = parseEmailAddress(match?.[3] ?? text)
  const name = (match?.[1] ?? match?.[2] ?? '').trim()
  // oxlint-disable-next-line no-control-regex -- a control character in a name could end the header line
  if (!parsed || /[\u0000-\u001f\u007f]/.test(name)) return undefined
  return { name, address: parsed.written }
}

/** The part after the @, which domain limits count by. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

function isIdentity(text: string): text is EmailAddress {
  const at = text.lastIndexOf('@')
  if (at > 64 || text.length > 254) return false
  return localPart.test(text.slice(0, at)) && asciiDomain.test(text.slice(at + 1))
}
