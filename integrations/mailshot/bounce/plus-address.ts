import { addressesIn, headerOf, type Mail } from './mail.ts'
import type { Original } from './original.ts'

/** What stands behind the `+` of the addresses a mail came to, then of the envelope sender that the returned mail carries. */
export function tokensIn(mail: Mail, { sender }: Pick<Original, 'sender'>): string[] {
  const own = arrivalHeaders.flatMap((name) => addressesIn(headerOf(mail, name) ?? ''))
  return [...own, ...sender].flatMap(
    (address) => /^[^+@]{1,64}\+([^@]{1,64})@/.exec(address)?.[1] ?? [],
  )
}

/** The name that the mail came to, before its `+`: `unsubscribe`. */
export function namesIn(mail: Mail): string[] {
  const own = arrivalHeaders.flatMap((name) => addressesIn(headerOf(mail, name) ?? ''))
  return own.map((address) => address.split(/[+@]/, 1)[0]?.toLowerCase() ?? '')
}

/** Where a mail went, as servers note it; what its writer put into To comes last. */
const arrivalHeaders = ['x-original-to', 'delivered-to', 'envelope-to', 'x-envelope-to', 'to']
