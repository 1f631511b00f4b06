import { createHmac, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { MailshotError } from '../../error.ts'

/** Makes the key that signs a text on a SPIP site. */
export type Signer = (text: string) => string

/**
 * The keys that the unsubscribe links in a person's old mails carry: of everything, and of each list alone, since a mail to one list
 * links to that one. They are made once here, so that the site's secret need not be kept.
 */
export function formerKeys(
  sign: Signer,
  { email, token, lists }: { email: string; token: string; lists: readonly number[] },
): string[] {
  const places = ['', ...new Set(lists)].map((list) => (list === '' ? '' : `+${list}`))
  return places.map((place) => sign(`unsubscribe-${email}-${token}${place}`))
}

/**
 * How a site signs. What its table `meta` holds is the secret itself, or half of it: then the other half is in a file of the site, the
 * secret is both by XOR, and it signs by HMAC. Undefined where the secret, or half of it, is missing.
 *
 * @param stored the value `secret_du_site` of the table
 * @param file half of it in bytes, as `readKeyFile` gives it
 */
export function signerOf(stored: string, file: Uint8Array | undefined): Signer | undefined {
  const half = Buffer.from(stored, 'base64')
  if (file === undefined || half.length !== file.length) {
    return stored.length >= 64 ? (text) => hash('sha1', text + stored) : undefined
  }
  const secret = half.map((byte, at) => byte ^ (file[at] ?? 0))
  return (text) => createHmac('sha256', secret).update(text).digest('hex')
}

/**
 * Reads half of a secret from `config/cles.php`: JSON behind a line that keeps the web from reading it.
 *
 * @throws MailshotError for another file
 */
export function readKeyFile(path: string): Uint8Array {
  try {
    const text = readFileSync(path, 'utf8')
    const keys: unknown = JSON.parse(text.slice(text.indexOf('{')))
    const key = Object.entries(Object(keys)).find(([name]) => name === 'secret_du_site')?.[1]
    if (typeof key === 'string') return Buffer.from(key, 'base64')
  } catch (cause) {
    throw new MailshotError(`${path}: no keys of SPIP can be read there; it is config/cles.php`, {
      cause,
    })
  }
  throw new MailshotError(`${path}: it holds no "secret_du_site"; is it config/cles.php of SPIP?`)
}
