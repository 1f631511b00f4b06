import { domainToASCII } from 'node:url'
import type { Mailbox } from '../transport.ts'

// Each function writes a whole header field with its CRLF, as a binary string: on lines of at most 78 characters where
// that is possible, never of more than 998 (RFC 5322 §2.1.1). Line breaks and control characters in a value become
// spaces, so none begins a field of its own.

/** A field of one address; its name is quoted or encoded where it needs it (RFC 5322 §3.4, RFC 2047 §5 (3)). */
export function addressField(name: string, mailbox: Mailbox): string {
  return fold(name, [...phrase(mailbox.name, name), `<${writtenAddress(mailbox.address)}>`])
}

/** Text for people: other characters than ASCII, and words too long for a line, as encoded words (RFC 2047 §5 (1)). */
export function textField(name: string, value: string): string {
  const text = onOneLine(value)
  return fold(name, needsEncoding(text) ? encodedWords(text, name) : text.split(' '))
}

/** A field as its name asks for: words for `List-Id`, addresses for the others of RFC 2369, else text. */
export function headerField(name: string, value: string): string {
  if (name === 'List-Id') return listIdField(value)
  // Text in ASCII may be for machines, which decode no words (`Feedback-ID`).
  return name.startsWith('List-') || (/^[ -~]*$/.test(value) && !value.includes('=?'))
    ? tokenField(name, value)
    : textField(name, value)
}

/**
 * What machines read, and must not be encoded: ids, addresses of pages. Such an address may have white space in its angle
 * brackets (RFC 2369 §2), so one beyond all lines is broken there.
 */
export function tokenField(name: string, value: string): string {
  if (value.length < shortToken && /^[!-~]+$/.test(value)) return `${name}: ${value}\r\n`
  const text = onOneLine(value).replace(/[^ -~]/gu, percentEncoded)
  return fold(
    name,
    text.length > 900 && longToken.test(text) ? (text.match(chunks) ?? []) : text.split(' '),
  )
}

/** One that fits on the line of any field's name. */
const shortToken = 50
const longToken = /[^ ]{900}/
const chunks = /[^ ]{1,900}/g

function percentEncoded(char: string): string {
  return encodeURIComponent(char.toWellFormed())
}

/** A phrase, then the id in angle brackets (RFC 2919 §3). */
function listIdField(value: string): string {
  const [, words = '', id = value] = /^(.*) (<[^<>]+>)$/.exec(onOneLine(value)) ?? []
  return words === ''
    ? tokenField('List-Id', id)
    : fold('List-Id', [...phrase(words, 'List-Id'), id])
}

function phrase(words: string, field: string): string[] {
  if (/^\w{1,60}$/.test(words)) return [words]
  const text = onOneLine(words)
  if (text === '') return []
  if (needsEncoding(text)) return encodedWords(text, field)
  return (/^[\w ]*$/.test(text) ? text : `"${text.replace(/["\\]/g, String.raw`\$&`)}"`).split(' ')
}

/** The domain in ASCII (RFC 5891); a local part beyond it in UTF-8 (RFC 6532), for servers that take it. */
function writtenAddress(address: string): string {
  if (/^[\w.+-]+@[\w.-]+$/.test(address)) return address
  const clean = address.replace(/[\s<>\p{Cc}]/gu, '')
  const at = clean.lastIndexOf('@')
  const [local, domain] = at === -1 ? [clean, ''] : [clean.slice(0, at), clean.slice(at + 1)]
  const safe = dotAtom.test(local) ? local : `"${local.replace(/["\\]/g, String.raw`\$&`)}"`
  const binary = Buffer.from(safe).toString('latin1')
  return at === -1 ? binary : `${binary}@${domainToASCII(domain) || domain.replace(/[^!-~]/g, '')}`
}

/** RFC 5322 §3.2.3, with what RFC 6532 adds. */
const dotAtom = /^[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+)*$/

function onOneLine(value: string): string {
  if (/^[!-~]+(?: [!-~]+)*$/.test(value)) return value
  return value.replace(/[\p{Cc}\u2028\u2029 ]+/gu, ' ').trim()
}

/** The longest word that fits on a line behind any field's name. */
const longestWord = 60

function needsEncoding(text: string): boolean {
  return (
    !/^[ -~]*$/.test(text) ||
    text.includes('=?') ||
    (text.length > longestWord && longWord.test(text))
  )
}
const longWord = new RegExp(`[^ ]{${longestWord + 1}}`)

const [longestLine, mostAllowed] = [78, 998]

/** Joins words by spaces, breaking the line before one that would not fit. The name stands alone where that helps. */
function fold(name: string, words: readonly string[]): string {
  let field = `${name}:`
  let column = field.length
  for (const word of words) {
    const end = column + 1 + word.length
    if (end > mostAllowed || (end > longestLine && word.length < longestLine)) {
      field += '\r\n'
      column = 0
    }
    field += ` ${word}`
    column += 1 + word.length
  }
  return `${field}\r\n`
}

/** Encoded words of at most 75 characters (RFC 2047 §2), none of which cuts a character in two. */
function encodedWords(text: string, field: string): string[] {
  const words: string[] = []
  let room = longestEncodedWord - field.length - 2
  let word = wordStart
  // Where what stands for itself begins, which is added in one piece.
  let plainFrom = 0
  for (let index = 0; index < text.length; index += 1) {
    const point = text.codePointAt(index) ?? 0
    const code = codeOf(point)
    const end = index
    if (point > 0xffff) index += 1
    if (code.length > room) {
      words.push(word + text.slice(plainFrom, end) + wordEnd)
      word = wordStart
      room = longestEncodedWord
      plainFrom = end
    }
    room -= code.length
    if (isPlain(point)) continue
    word += text.slice(plainFrom, end) + code
    plainFrom = index + 1
  }
  words.push(word + text.slice(plainFrom) + wordEnd)
  return words
}

const [wordStart, wordEnd] = ['=?utf-8?Q?', '?=']
/** What it takes between its marks, on a line of 76 characters that begins with a space (RFC 2047 §2). */
const longestEncodedWord = 75 - wordStart.length - wordEnd.length

/** How the characters of many languages are written, once it was asked for. */
const codes = Array.from({ length: 0x3000 }, () => '')

function codeOf(point: number): string {
  const known = codes[point]
  if (known) return known
  const code = encodedChar(point)
  if (point < codes.length) codes[point] = code
  return code
}

/** The characters that every place of an encoded word takes (RFC 2047 §5 (3)) stand for themselves: letters and digits. */
function isPlain(point: number): boolean {
  return (
    (point >= 97 && point <= 122) || (point >= 65 && point <= 90) || (point >= 48 && point <= 57)
  )
}

function encodedChar(point: number): string {
  const char = String.fromCodePoint(point).toWellFormed()
  if (char === ' ') return '_'
  if (isPlain(point)) return char
  return Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '=$&')
}
