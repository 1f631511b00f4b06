import { addressesIn, headerOf, type Mail } from './mail.ts'
import type { Original } from './original.ts'

/** What stands behind the `+` of the address a mail came to, else of the envelope sender that the returned mail carries. */
export function tokenIn(mail: Mail, original: Pick<Original, 'sender'>): string | undefined {
  const own = arrivalHeaders.flatMap((name) => addressesIn(headerOf(mail, name) ?? ''))
  for (const address of [...own, ...original.sender]) {
    const token = /^[^+@]{1,64}\+([^@]{1,64})@/.exec(address)?.[1]
    if (token !== undefined) return token
  }
  return undefined
}

/** The name that the mail came to, before its `+`: `unsubscribe`. */
export function namesIn(mail: Mail): string[] {
  const own = arrivalHeaders.flatMap((name) => addressesIn(headerOf(mail, name) ?? ''))
  return own.map((address) => address.split(/[+@]/, 1)[0]?.toLowerCase() ?? '')
}

/** Where a mail went, as servers note it; what its writer put into To comes last. */
const arrivalHeaders = ['x-original-to', 'delivered-to', 'envelope-to', 'x-envelope-to', 'to']
