import { MailshotError } from '../../error.ts'
import type { TableValue } from '../tables.ts'
import { textOfLatin1 } from '../tables/bytes.ts'

/** What a value is, where it ends, or that the text ends before it does. */
export type Scanned = { end: number; value: TableValue } | 'incomplete' | 'broken'

/** Turns the bytes of a value into the text that they are. */
export type Decode = (bytes: string) => string

/**
 * Reads one value of an INSERT at a place: a string with MySQL's escapes (manual, 9.1.1 "String Literals"), bytes in hexadecimal
 * or bits, a number, NULL, or a word.
 */
export function scanValue(text: string, at: number, decode: Decode): Scanned {
  const first = text[at]
  if (first === undefined) return 'incomplete'
  if (first === "'" || first === '"') return scanString(text, at, decode)
  plain.lastIndex = at
  const word = plain.exec(text)?.[0] ?? ''
  const end = word.startsWith('_') ? behindSpace(text, at + word.length) : at + word.length
  const next = text[end]
  // Behind it, a bracket or a comma is still to come.
  if (next === undefined) return 'incomplete'
  if (next === "'" || next === '"') return scanPrefixed(text, { end, word }, decode)
  if (word === '') return 'broken'
  return { end, value: valueOf(word, decode) }
}

const plain = /[^\s,()'"]*/y

/** `_binary 'x'`, `_utf8mb4'x'`, `N'x'`, `x'41'`, `b'1'`. */
function scanPrefixed(
  text: string,
  { end, word }: { end: number; word: string },
  decode: Decode,
): Scanned {
  const scanned = scanString(text, end, (bytes) => bytes)
  if (typeof scanned === 'string') return scanned
  const inner = String(scanned.value)
  const kind = word.toLowerCase()
  if (kind === 'x') return { end: scanned.end, value: decode(bytesOf(inner)) }
  if (kind === 'b') return { end: scanned.end, value: Number.parseInt(inner || '0', 2) }
  return { end: scanned.end, value: decode(inner) }
}

function scanString(text: string, at: number, decode: Decode): Scanned {
  const quote = text.charAt(at)
  for (let from = at + 1; ;) {
    const end = text.indexOf(quote, from)
    // Whether a quote closes the string is told by what follows it.
    if (end < 0 || end + 1 >= text.length) return 'incomplete'
    if (isEscaped(text, end, at)) from = end + 1
    else if (text[end + 1] === quote) from = end + 2
    else return { end: end + 1, value: decode(unescaped(text.slice(at + 1, end), quote)) }
  }
}

/** Whether an odd number of backslashes stands before a place. */
export function isEscaped(text: string, at: number, start: number): boolean {
  let first = at
  while (first - 1 > start && text[first - 1] === '\\') first -= 1
  return (at - first) % 2 === 1
}

function unescaped(text: string, quote: string): string {
  if (!text.includes('\\'))
    return text.includes(quote) ? text.replaceAll(quote + quote, quote) : text
  return text.replace(/\\([^])|''|""/g, (whole, char: string | undefined) => {
    if (char !== undefined) return escapes[char] ?? char
    return whole[0] === quote ? quote : whole
  })
}

const escapes: Record<string, string> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
}

function valueOf(word: string, decode: Decode): TableValue {
  if (/^-?\d{1,15}$/.test(word)) return Number(word)
  if (/^null$/i.test(word)) return null
  if (/^0x[\da-f]*$/i.test(word)) return decode(bytesOf(word.slice(2)))
  return word
}

/** The next place that holds no white space. */
export function behindSpace(text: string, at: number): number {
  let next = at
  while (text.charCodeAt(next) <= 32) next += 1
  return next
}

function bytesOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1')
}

/**
 * How the values of a file are decoded whose `SET NAMES` says so. What is not UTF-8 although it should be is taken for
 * Windows-1252, which is what MySQL calls latin1: old sites have stored it so.
 *
 * @throws MailshotError for an encoding in which a quote or a backslash may be half of a character
 */
export function decoderFor(names: string | undefined, where: string): Decode {
  const charset = (names ?? 'utf8').toLowerCase()
  const single = singleByte[charset]
  if (single !== undefined) return singleByteDecoder(new TextDecoder(single))
  if (!/^(?:utf8|utf8mb3|utf8mb4|ascii|binary)$/.test(charset)) {
    throw new MailshotError(
      `${where}: the dump is in "${charset}"; make it again with --default-character-set=utf8mb4`,
    )
  }
  return textOfLatin1
}

const singleByte: Record<string, string> = {
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'iso-8859-9',
  latin7: 'iso-8859-13',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
}

function singleByteDecoder(decoder: TextDecoder): Decode {
  return (bytes) =>
    /[\x80-\xff]/.test(bytes) ? decoder.decode(Buffer.from(bytes, 'latin1')) : bytes
}
