import { domainToASCII } from 'node:url'
import type { Mailbox } from '../transport.ts'

/**
 * A whole header field with its CRLF, as a binary string: folded to lines of 76 characters where it has white space, other
 * text than ASCII as encoded words. Line breaks in the value become spaces, so none can begin a field of its own.
 */
export function textField(name: string, value: string): string {
  const text = onOneLine(value)
  const plain = isPlainText(text) && !/\S{70}/.test(text)
  return fold(
    name,
    plain ? [...text.matchAll(/ *[^ ]+/g)].map(String) : encodedWords(text, name.length),
  )
}

/** The same for a value that must not be encoded: addresses of pages, ids. What is not ASCII is dropped. */
export function tokenField(name: string, value: string): string {
  return fold(
    name,
    onOneLine(value)
      .replace(/[^\x20-\x7e]/g, '')
      .split(/(?= )/),
  )
}

/** A field of one address; a name is quoted or encoded where it needs it (RFC 5322 §3.4, RFC 2047 §5). */
export function addressField(name: string, mailbox: Mailbox): string {
  const address = writtenAddress(mailbox.address)
  const words = phrase(mailbox.name, name.length)
  return fold(name, words.length === 0 ? [address] : [...words, ` <${address}>`])
}

/** `List-Id`: a phrase, then the id in angle brackets (RFC 2919 §3). */
export function listIdField(value: string): string {
  const [, words = '', id = value] = /^(.*) (<[^<>]+>)$/.exec(value) ?? []
  const name = 'List-Id'
  return words === '' ? tokenField(name, id) : fold(name, [...phrase(words, name.length), ` ${id}`])
}

function phrase(words: string, nameLength: number): string[] {
  const text = onOneLine(words)
  if (text === '') return []
  if (!isPlainText(text) || /\S{70}/.test(text)) return encodedWords(text, nameLength)
  if (/^[\w ]*$/.test(text)) return text.split(/(?= )/)
  return `"${text.replace(/["\\]/g, String.raw`\$&`)}"`.split(/(?= )/)
}

/** The domain as ASCII (RFC 5891); a local part beyond ASCII as UTF-8 octets (RFC 6532), for SMTPUTF8. */
function writtenAddress(address: string): string {
  const clean = address.replace(/[\s<>\p{Cc}]/gu, '')
  const at = clean.lastIndexOf('@')
  if (/^[\x21-\x7e]*$/.test(clean) || at === -1) return toBinary(clean)
  const domain = clean.slice(at + 1)
  return toBinary(`${clean.slice(0, at)}@${domainToASCII(domain) || domain}`)
}

function onOneLine(value: string): string {
  return value.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

function isPlainText(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && !text.includes('=?')
}

const longestLine = 76

/** Joins pieces, of which each but the first begins with white space, breaking lines before those that would not fit. */
function fold(name: string, pieces: readonly string[]): string {
  let field = `${name}:`
  let column = field.length
  for (const [index, piece] of pieces.entries()) {
    const text = index === 0 ? ` ${piece.trimStart()}` : piece
    if (index > 0 && column + text.length > longestLine) {
      field += '\r\n'
      column = 0
    }
    field += text
    column += text.length
  }
  return `${field}\r\n`
}

/** Encoded words of at most 75 characters (RFC 2047 §2), none of which cuts a character in two. */
function encodedWords(text: string, nameLength: number): string[] {
  const words: string[] = []
  let room = longestLine - nameLength - 2 - 12
  let word = ''
  for (const char of text) {
    const code = encodedChar(char)
    if (word.length + code.length > room) {
      words.push(` =?utf-8?Q?${word}?=`)
      word = ''
      room = longestLine - 1 - 12
    }
    word += code
  }
  return [...words, ` =?utf-8?Q?${word}?=`]
}

/** The characters that every place of an encoded word takes (RFC 2047 §5 (3)) stand for themselves. */
function encodedChar(char: string): string {
  if (char === ' ') return '_'
  if (/^[a-z0-9]$/i.test(char)) return char
  return Array.from(
    Buffer.from(char),
    (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

function toBinary(text: string): string {
  return Buffer.from(text).toString('latin1')
}
