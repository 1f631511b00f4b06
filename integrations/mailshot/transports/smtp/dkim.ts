import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { MailshotError } from '../../error.ts'

export interface DkimOptions {
  domain: string
  selector: string
  privateKey: string
}

/** Puts a DKIM-Signature before a whole message; both are binary strings with CRLF line ends. */
export type DkimSigner = (mime: string) => Promise<string>

/** RFC 6376 §5.4.1; RFC 8058 §4 wants both unsubscribe headers signed. */
const signedFields = (
  'from sender reply-to subject date message-id to cc mime-version content-type content-transfer-encoding ' +
  'content-id content-description in-reply-to references list-id list-help list-unsubscribe ' +
  'list-unsubscribe-post list-subscribe list-post list-owner list-archive precedence auto-submitted feedback-id'
).split(' ')

/** Signed once more than they occur, so that nobody adds a second one for readers to see (RFC 6376 §8.15). */
const onlyThese = new Set(['from', 'reply-to', 'subject', 'to', 'cc'])

/**
 * Makes a signer (RFC 6376): rsa-sha256, relaxed/relaxed. Signing is left to the thread pool.
 *
 * @throws MailshotError when the key is none that receivers accept
 */
export function dkimSigner(options: DkimOptions): DkimSigner {
  const write = dkimField(options)
  return async (mime) => (await write(mime)) + mime
}

/**
 * The same for the field alone, with its line end. Nothing of the mail is held while the thread pool signs: a process that has many
 * under way would collect them again and again.
 */
export function dkimField(options: DkimOptions): DkimSigner {
  const signed = keyRing(checkedKey(options.privateKey), options.privateKey)
  return (mime) => {
    const { field, text } = toBeSigned(mime, options)
    return signed(text).then(
      (signature) => `${field}${signature.replace(/.{72}(?=.)/g, '$&\r\n ')}\r\n`,
    )
  }
}

function toBeSigned(mime: string, { domain: given, selector }: DkimOptions) {
  const domain = domainToASCII(given) || given
  const split = mime.indexOf('\r\n\r\n')
  const [header, body] = split === -1 ? [mime, ''] : [mime.slice(0, split), mime.slice(split + 4)]
  const { names, lines } = chosenFields(header)
  const bodyHash = createHash('sha256').update(relaxedBody(body), 'latin1').digest('base64')
  const field = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain};\r\n s=${selector}; q=dns/txt;\r\n h=${folded(names)};\r\n bh=${bodyHash};\r\n b=`
  return { field, text: lines + relaxedField(field).line }
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

/** RFC 6376 §3.4.4. What quoted-printable rarely has is looked for before it is replaced. */
function relaxedBody(body: string): string {
  let text = body
  if (text.includes('\t')) text = text.replace(/[ \t]+/g, ' ')
  else if (text.includes('  ')) text = text.replace(/ {2,}/g, ' ')
  if (text.includes(' \r\n')) text = text.replaceAll(' \r\n', '\r\n')
  if (text.endsWith(' ')) text = text.slice(0, -1)
  let end = text.length
  while (text.startsWith('\r\n', end - 2) && end > 0) end -= 2
  return end === 0 ? '' : `${text.slice(0, end)}\r\n`
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

/** Signs on the thread pool. Node locks a key while it signs: with one, threads would wait for each other, and the loop for them. */
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
