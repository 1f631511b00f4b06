import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'

/** What a link lets its bearer do. It is part of what is signed, and the name of the page that takes it. */
export type TokenPurpose =
  'unsubscribe' | 'preferences' | 'view' | 'confirm' | 'open' | 'click' | 'stop'

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
  purpose: TokenPurpose,
  ids: readonly number[],
  expiresAt = 0,
): string {
  const secret = secrets.find(Boolean)
  if (secret === undefined) {
    throw new MailshotError('no secret to sign links with; set MAILSHOT_SECRET in the environment')
  }
  const numbers = varint(Math.ceil(expiresAt / 1000))
  for (const id of ids) numbers.push(...varint(id))
  const payload = Buffer.from(numbers)
  return payload.toString('base64url') + mac(secret, purpose, payload).toString('base64url')
}

/**
 * Reads a token signed with any of the secrets, also after a mail service has wrapped, escaped or quoted it or has put
 * something behind it. Only what was signed for this very purpose passes.
 */
export function verifyToken(
  secrets: readonly string[],
  purpose: TokenPurpose,
  token: string,
  now: number,
): VerifiedToken {
  const text = cleanToken(token)
  const payload = decode(text.slice(0, -macLength))
  const given = decode(text.slice(-macLength))
  if (!payload || given?.length !== macBytes) return { refused: 'malformed' }
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
 * The first half of an HMAC-SHA-256 (RFC 2104) as two plain hashes. A `Hmac` object costs three times as much, and a send
 * makes three a mail, which the garbage collector has to close one by one.
 */
function mac(secret: string, purpose: TokenPurpose, payload: Uint8Array): Buffer {
  const { inner, outer } = paddedKey(secret)
  const start = hashBlock + inner.write(`mailshot ${purpose}\0`, hashBlock, 'binary')
  inner.set(payload, start)
  outer.write(
    hash('sha256', inner.subarray(0, start + payload.length), 'binary'),
    hashBlock,
    'binary',
  )
  return Buffer.from(hash('sha256', outer, 'binary').slice(0, macBytes), 'binary')
}

/** The secret as the two hashes begin, with room behind it for what they sign. */
type PaddedKey = Record<'inner' | 'outer', Buffer>

const paddedKeys = new Map<string, PaddedKey>()
/** Of SHA-256, in bytes. */
const [hashBlock, hashBytes] = [64, 32]

function paddedKey(secret: string): PaddedKey {
  const known = paddedKeys.get(secret)
  if (known) return known
  const bytes = Buffer.from(secret)
  const key = bytes.length > hashBlock ? hash('sha256', bytes, 'buffer') : bytes
  const padded = {
    inner: Buffer.alloc(hashBlock + 2 * longest),
    outer: Buffer.alloc(hashBlock + hashBytes),
  }
  for (let index = 0; index < hashBlock; index += 1) {
    padded.inner[index] = (key[index] ?? 0) ^ 0x36
    padded.outer[index] = (key[index] ?? 0) ^ 0x5c
  }
  paddedKeys.set(secret, padded)
  return padded
}

function matches(secret: string, purpose: TokenPurpose, payload: Buffer, given: Buffer): boolean {
  return timingSafeEqual(mac(secret, purpose, payload), given)
}

/**
 * Undoes percent-encoding (also applied twice) and the soft line breaks of quoted-printable, then takes the first run
 * of token characters, without dashes behind it. Whatever comes out must still carry its signature.
 */
function cleanToken(token: string): string {
  if (token.length > longest) return ''
  const unescaped = percentDecoded(percentDecoded(token))
  const joined = unescaped.replace(/=\r?\n|[\s\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
  return (/[\w-]+/.exec(joined)?.[0] ?? '').replace(/[_-]+$/, '')
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

/** Seven bits a byte, least significant first, the high bit saying that more follow (LEB128). */
function varint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an id`)
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  bytes.push(rest)
  return bytes
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
