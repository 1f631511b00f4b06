import { createPrivateKey, hash, type KeyObject, sign } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { MailshotError } from '../../error.ts'
import type { Octets } from '../../transport.ts'
import { stringOctets } from './content.ts'

export interface DkimOptions {
  domain: string
  selector: string
  privateKey: string
}

/** Puts a DKIM-Signature before a whole message; both are binary strings with CRLF line ends. */
export type DkimSigner = (mime: string) => Promise<string>

/** Writes the DKIM-Signature of a whole message, with its line end. */
export type DkimField = (message: Octets) => Promise<string>

/** RFC 6376 §5.4.1; RFC 8058 §4 wants both unsubscribe headers signed. */
const signedFields = (
  'from sender reply-to subject date message-id to cc mime-version content-type content-transfer-encoding ' +
  'content-id content-description in-reply-to references list-id list-help list-unsubscribe ' +
  'list-unsubscribe-post list-subscribe list-post list-owner list-archive precedence auto-submitted feedback-id'
).split(' ')

/** Signed once more than they occur, so that nobody adds a second one for readers to see (RFC 6376 §8.15). */
const onlyThese = new Set(['from', 'reply-to', 'subject', 'to', 'cc'])

/**
 * Makes a signer (RFC 6376): rsa-sha256, relaxed/simple. A body in quoted-printable has no white space that a relay could
 * touch, so its octets are hashed as they are written. Signing is left to the thread pool.
 *
 * @throws MailshotError when the key is none that receivers accept
 */
export function dkimSigner(options: DkimOptions): DkimSigner {
  const write = dkimField(options)
  return async (mime) => (await write(stringOctets(mime))) + mime
}

/**
 * The same for the field alone. Nothing of the mail is held while the thread pool signs: a process that has many under way
 * would collect them again and again.
 */
export function dkimField(options: DkimOptions): DkimField {
  const signed = keyRing(checkedKey(options.privateKey), options.privateKey)
  const domain = domainToASCII(options.domain) || options.domain
  const algorithms = 'v=1; a=rsa-sha256; c=relaxed/simple'
  const key = `d=${domain};\r\n s=${options.selector}; q=dns/txt;`
  const start = `DKIM-Signature: ${algorithms}; ${key}`
  return (message) => {
    const { header, bodyHash } = digested(message)
    const { names, lines } = chosenFields(header)
    const field = `${start}\r\n h=${folded(names)};\r\n bh=${bodyHash};\r\n b=`
    return signed(lines + relaxedField(field).line).then(
      (signature) => `${field}${signature.replace(/.{72}(?=.)/g, '$&\r\n ')}\r\n`,
    )
  }
}

const usualRoom = 256 * 1024
const scratch = Buffer.allocUnsafeSlow(usualRoom)

/** The header without its last line end, and the hash of the body. */
function digested(message: Octets): { header: string; bodyHash: string } {
  const length = message.length + lineEnd.length
  const octets = length <= usualRoom ? scratch : Buffer.allocUnsafe(length)
  const end = message.write(octets, 0)
  const split = octets.subarray(0, end).indexOf('\r\n\r\n')
  const header = octets.toString('latin1', 0, split === -1 ? end : split)
  const body = simpleBody(octets, split === -1 ? end : split + 4, end)
  return { header, bodyHash: hash('sha256', body, 'base64') }
}

const lineEnd = '\r\n'

/** RFC 6376 §3.4.3: one line end behind the last line that is not empty. There is room for it behind `end`. */
function simpleBody(octets: Buffer, start: number, end: number): Buffer {
  let last = end
  while (last - 2 >= start && octets.readUInt16BE(last - 2) === 0x0d0a) last -= 2
  octets.write(lineEnd, last, 'latin1')
  return octets.subarray(start, last + lineEnd.length)
}

/** The names for `h=`, and the canonical fields behind them: of several with one name the last first (§5.4.2). */
function chosenFields(header: string): { names: string[]; lines: string } {
  const present = Map.groupBy(
    header.split(/\r\n(?![ \t])/).map(relaxedField),
    (field) => field.name,
  )
  const names: string[] = []
  let lines = ''
  for (const name of signedFields) {
    for (const { line } of (present.get(name) ?? []).toReversed()) {
      names.push(name)
      lines += `${line}\r\n`
    }
    if (onlyThese.has(name)) names.push(name)
  }
  return { names, lines }
}

/** RFC 6376 §3.4.2 */
function relaxedField(field: string): { name: string; line: string } {
  const colon = field.indexOf(':')
  const name = field.slice(0, colon).trim().toLowerCase()
  const value = field.slice(colon + 1).replace(/[ \t\r\n]+/g, ' ')
  return { name, line: `${name}:${value.trim()}` }
}

/** The list of names on lines of their own, which `h=` may have (§3.5). */
function folded(names: readonly string[]): string {
  let list = ''
  let column = 0
  for (const [index, name] of names.entries()) {
    const piece = index === names.length - 1 ? name : `${name}:`
    if (column + piece.length > 72) {
      list += '\r\n '
      column = 0
    }
    list += piece
    column += piece.length
  }
  return list
}

/**
 * Signs on the thread pool. Node locks a key while it signs: with one, threads would wait for each other, and the loop for
 * them.
 */
function keyRing(first: KeyObject, pem: string): (text: string) => Promise<string> {
  const free = [first]
  return (text) =>
    new Promise((resolve, reject) => {
      const key = free.pop() ?? parsedKey(pem)
      sign('sha256', Buffer.from(text, 'latin1'), key, (error, signature) => {
        free.push(key)
        if (error) reject(error)
        else resolve(signature.toString('base64'))
      })
    })
}

function checkedKey(pem: string): KeyObject {
  const key = parsedKey(pem)
  if (key.asymmetricKeyType === 'ed25519') {
    throw refusal('is an Ed25519 key, which few receivers check')
  }
  if (key.asymmetricKeyType !== 'rsa') throw refusal(`is of type ${key.asymmetricKeyType}`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < 2048) throw refusal(`has ${bits} bits only, and receivers distrust it`)
  return key
}

function parsedKey(pem: string): KeyObject {
  try {
    // Environment files keep a PEM on one line, with \n written out.
    return createPrivateKey(pem.replaceAll(String.raw`\n`, '\n'))
  } catch (cause) {
    throw refusal('is no private key in PEM form', cause)
  }
}

function refusal(what: string, cause?: unknown): MailshotError {
  return new MailshotError(
    `smtp({ dkim: { privateKey } }): the key ${what}; make one with: openssl genrsa -out dkim.pem 2048`,
    { cause },
  )
}
