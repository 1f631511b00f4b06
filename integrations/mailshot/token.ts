import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'

/** What a link lets its bearer do. It is part of what is signed, and the name of the page that takes it. */
export type TokenPurpose =
  | 'unsubscribe'
  | 'preferences'
  | 'invite'
  | 'view'
  | 'confirm'
  | 'open'
  | 'click'
  | 'stop'
  | 'stay'
  | 'change-address'

/** What a mail to an address says that carries a token: that another mail, or a letter, came back, or that its reader leaves. */
export type AddressPurpose = 'bounce' | 'letter-bounce' | 'leave'

/** What a form says that carries a token: since when it was open. */
export type FormPurpose = 'form'

type Purpose = TokenPurpose | AddressPurpose | FormPurpose

export type VerifiedToken =
  | { ids: number[] }
  | { refused: 'malformed' | 'forged' }
  /** Ours, but too late: whom it was for is known, and it lets nobody do anything. */
  | { refused: 'expired'; signed: number[] }

/**
 * Signs whole numbers (ids) for one purpose with the newest secret. Two ids of a large site make some 30 characters,
 * all of them safe in a URL; the last is always a letter, which nothing takes for punctuation behind a link.
 *
 * @param expiresAt in ms, kept to the second; without it the token never expires
 */
export function signToken(
  secrets: readonly string[],
  purpose: Purpose,
  ids: readonly number[],
  expiresAt = 0,
): string {
  const secret = secrets.find(Boolean)
  if (secret === undefined) {
    throw new MailshotError('no secret to sign links with; set MAILSHOT_SECRET in the environment')
  }
  const key = paddedKey(secret, purpose)
  const { inner, start } = key
  let end = writeVarint(inner, start, Math.ceil(expiresAt / 1000))
  for (const id of ids) end = writeVarint(inner, end, id)
  return inner.toString('base64url', start, end) + macOf(key, end)
}

/**
 * Reads a token signed with any of the secrets, also after a mail service has wrapped, escaped, quoted or folded it, has put something
 * behind it, or has put the whole link in its place. Only what was signed for this very purpose passes.
 */
export function verifyToken(
  secrets: readonly string[],
  purpose: Purpose,
  token: string,
  now: number,
): VerifiedToken {
  let answer: VerifiedToken = { refused: 'malformed' }
  for (const text of spellingsOf(token)) {
    const verified = verifySpelling(secrets, purpose, text, now)
    if (!('refused' in verified) || verified.refused === 'expired') return verified
    if (verified.refused === 'forged') answer = verified
  }
  return answer
}

function verifySpelling(
  secrets: readonly string[],
  purpose: Purpose,
  text: string,
  now: number,
): VerifiedToken {
  const payload = decode(text.slice(0, -macLength))
  const given = text.slice(-macLength)
  if (!payload || decode(given)?.length !== macBytes) return { refused: 'malformed' }
  const signed = secrets.filter((secret) => secret && matches(secret, purpose, payload, given))
  if (signed.length === 0) return { refused: 'forged' }
  const [expiry = 0, ...ids] = numbersOf(payload)
  if (expiry > 0 && expiry * 1000 <= now) return { refused: 'expired', signed: ids }
  return { ids }
}

/** The address of the page that takes a token: what a mail links to. */
export function linkTo(config: SiteAddress, page: TokenPurpose, token: string): string {
  return pageUrl(config, `${page}/${token}`)
}

/** The public address of one of our pages: `subscribe`, `view/…`. */
export function pageUrl({ site, base, trailingSlash }: SiteAddress, path: string): string {
  return `${site}${base}/${path}${trailingSlash ? '/' : ''}`
}

type SiteAddress = Pick<MailshotConfig, 'site' | 'base' | 'trailingSlash'>

/** What a database remembers of a secret, to know it again without holding it. */
export function secretCheckValue(secret: string): string {
  return createHmac('sha256', secret).update('mailshot secret check').digest('base64url')
}

const macBytes = 16
/** Of base64url: 128 bits and four zero bits, so that the last character is one of A, Q, g, w. */
const macLength = 22
/** More than any damage to a link adds. */
const longest = 1000

/**
 * The first half of an HMAC-SHA-256 (RFC 2104) of what stands in `inner` up to `end`, in base64url, as two plain hashes. A
 * `Hmac` object costs three times as much, and a send makes three a mail, which the garbage collector has to close one by one.
 */
function macOf({ inner, outer }: PaddedKey, end: number): string {
  outer.write(hash('sha256', inner.subarray(0, end), 'binary'), hashBlock, 'binary')
  const whole = hash('sha256', outer, 'base64url')
  // Of the last character, two bits are left.
  return whole.slice(0, macLength - 1) + lastOfMac(whole.charAt(macLength - 1))
}

/** The character of base64url with the same first two bits, and four zero bits. */
function lastOfMac(char: string): string {
  if (char >= 'w' || (char >= '0' && char <= '9') || char === '-' || char === '_') return 'w'
  if (char >= 'g') return 'g'
  if (char >= 'a') return 'Q'
  return char >= 'Q' ? 'Q' : 'A'
}

/** A secret as the two hashes begin for one purpose, with room behind it for what they sign. */
interface PaddedKey {
  inner: Buffer
  outer: Buffer
  /** Where the signed octets begin. */
  start: number
}

const paddedKeys = new Map<string, PaddedKey>()
/** Of SHA-256, in bytes. */
const [hashBlock, hashBytes] = [64, 32]

function paddedKey(secret: string, purpose: Purpose): PaddedKey {
  const name = `${purpose} ${secret}`
  const known = paddedKeys.get(name)
  if (known) return known
  const bytes = Buffer.from(secret)
  const key = bytes.length > hashBlock ? hash('sha256', bytes, 'buffer') : bytes
  const inner = Buffer.alloc(hashBlock + 2 * longest)
  const outer = Buffer.alloc(hashBlock + hashBytes)
  for (let index = 0; index < hashBlock; index += 1) {
    inner[index] = (key[index] ?? 0) ^ 0x36
    outer[index] = (key[index] ?? 0) ^ 0x5c
  }
  const start = hashBlock + inner.write(`mailshot ${purpose}\0`, hashBlock)
  const padded = { inner, outer, start }
  paddedKeys.set(name, padded)
  return padded
}

function matches(secret: string, purpose: Purpose, payload: Buffer, given: string): boolean {
  const key = paddedKey(secret, purpose)
  key.inner.set(payload, key.start)
  const made = macOf(key, key.start + payload.length)
  return timingSafeEqual(Buffer.from(made), Buffer.from(given))
}

/** Of what is left of a token, the ways to read it, the likeliest first. Whatever comes out must still carry its signature. */
function* spellingsOf(token: string): Generator<string> {
  if (token.length > longest) return
  // Services that rewrite links encode what another has encoded.
  const unescaped = percentDecoded(percentDecoded(percentDecoded(token)))
  const joined = withoutEntities(unescaped).replace(softBreaks, '')
  yield firstRun(joined)
  const unquoted = unquotedPrintable(joined)
  if (unquoted !== joined) yield* [firstRun(unquoted), firstRun(joined.replaceAll('=', ''))]
  // The whole link, or what a service has put before it.
  const runs = unquoted.match(/[\w-]{24,}/g) ?? []
  for (const run of runs.slice(0, mostRuns)) yield run.replace(/[_-]+$/, '')
}

const softBreaks = /=\r?\n|[\s\u00ad\u200b-\u200d\u2060\ufeff]/g
const mostRuns = 8

/** The first run of token characters, without dashes behind it. */
function firstRun(text: string): string {
  return (/[\w-]+/.exec(text)?.[0] ?? '').replace(/[_-]+$/, '')
}

/** Of HTML, as far as they stand for a character of tokens, or for what ends one; also where they were escaped again. */
function withoutEntities(text: string): string {
  return text
    .replace(/&(?:amp;)+/gi, '&')
    .replace(/&#(?:x([0-9a-f]{1,4})|(\d{1,5}));/gi, (_, hex?: string, dec?: string) =>
      String.fromCharCode(hex === undefined ? Number(dec) : Number.parseInt(hex, 16)),
    )
    .replace(/&(lowbar|hyphen|dash);/gi, (_, name: string) => (/low/i.test(name) ? '_' : '-'))
}

/** Quoted-printable (RFC 2045 §6.7) that nobody has decoded: no token has an equals sign of its own. */
function unquotedPrintable(text: string): string {
  return text
    .replace(/=([2-7][0-9A-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('=', '')
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Refuses what base64url would read leniently: two spellings of one token would be two tokens that pass. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined
}

/** Seven bits a byte, least significant first, the high bit saying that more follow (LEB128). Answers where it ends. */
function writeVarint(into: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an id`)
  let end = at
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) into[end++] = (rest % 0x80) + 0x80
  into[end++] = rest
  return end
}

function numbersOf(payload: Buffer): number[] {
  const numbers: number[] = []
  let value = 0
  let factor = 1
  for (const byte of payload) {
    value += (byte % 0x80) * factor
    factor *= 0x80
    if (byte > 0x7f) continue
    numbers.push(value)
    value = 0
    factor = 1
  }
  return numbers
}
