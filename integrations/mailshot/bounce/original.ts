import { addressesIn, headerOf, type Mail, readHeaders } from './mail.ts'
import { findPhrase, hasPhrase, plainWords } from './phrase.ts'
import { openings } from './phrases/notice.ts'
import { markers } from './phrases/returned.ts'

/** The mail that comes back: what its headers say. */
export interface Original {
  /** With its angle brackets. */
  messageId: string | undefined
  to: string[]
  /** The envelope senders that it carries. */
  sender: string[]
  /** The addresses that its List-Unsubscribe links to (RFC 2369 §3.2). */
  leaveLinks: string[]
}

/** Finds the returned mail, as a part or behind the notice. */
export function readOriginal(mail: Mail, returnedText: string): Original {
  const part = mail.parts.find(({ type }) => returnedTypes.has(type))
  const headers = readHeaders(part?.text.trimStart() ?? returnedText.trimStart())
  const to = ['x-original-to', 'delivered-to', 'to'].flatMap((name) =>
    addressesIn(headerOf({ headers }, name) ?? ''),
  )
  const sender = headers
    .filter(({ name }) => name === 'return-path' || name === 'x-envelope-from' || name === 'sender')
    .flatMap(({ value }) => addressesIn(value))
  const leave = headerOf({ headers }, 'list-unsubscribe') ?? ''
  return {
    messageId: messageIdOf(headerOf({ headers }, 'message-id')),
    to,
    sender,
    leaveLinks: leave.slice(0, 2000).match(/https?:\/\/[^<>\s,]{1,1000}/g) ?? [],
  }
}

/** Divides the text of a notice from the mail it returns behind it. */
export function splitNotice(text: string): { notice: string; returned: string } {
  const lines = text.split('\n')
  const marker = lines.findIndex(
    (line, index) => index > 0 && isMarker(line) && !isDescription(lines, index + 1),
  )
  const headers = lines.findIndex((_, index) => index > 1 && isReturned(lines, index))
  const ends = [marker, headers].filter((index) => index >= 0)
  const end = ends.length > 0 ? Math.min(...ends) : lines.length
  return {
    notice: lines.slice(0, end).join('\n'),
    returned: lines.slice(end === marker ? end + 1 : end).join('\n'),
  }
}

/** Whole mails, and headers alone (RFC 6522 §4), also beyond ASCII (RFC 6532). */
const returnedTypes = new Set([
  'message/rfc822',
  'text/rfc822-headers',
  'text/rfc822',
  'message/global',
  'message/global-headers',
  'message/partial',
])

/** A marker stands alone on its line, but for dashes and the like around it. */
function isMarker(line: string): boolean {
  if (line.length > 120) return false
  const words = plainWords(line).replace(/^[^\p{L}]+/u, '')
  const phrase = findPhrase(words, markers)
  if (phrase === undefined || /addresses|recipients/.test(words)) return false
  const isRuled = /^[\s>]*[-_=*#.|]{2}/.test(line)
  return isRuled || (words.length < 70 && (/:\s*$/.test(line) || words.startsWith(phrase)))
}

function isReturned(lines: readonly string[], start: number): boolean {
  return isHeaderBlock(lines, start) && !isGoingOn(lines, start)
}

/** Some notices say in their own words which mail it was, where others return it. */
function isDescription(lines: readonly string[], start: number): boolean {
  const nextLines = lines.slice(start, start + 20)
  const isMail = nextLines.some((_, index) => isHeaderBlock(lines, start + index))
  return !isMail && isGoingOn(lines, start)
}

/** Some notices describe the mail by its headers first, and then say what became of it. */
function isGoingOn(lines: readonly string[], start: number): boolean {
  const rest = lines.slice(start, start + 60).join(' ')
  return hasPhrase(plainWords(rest.slice(0, 4000)), openings)
}

/** Where the headers of a mail begin without a word: some of them one below the other. */
function isHeaderBlock(lines: readonly string[], start: number): boolean {
  if (!headerLine.test(lines[start] ?? '')) return false
  const next = lines.slice(start, start + 8)
  const gap = next.findIndex((line) => line.trim() === '')
  const block = gap < 0 ? next : next.slice(0, gap)
  const names = block.flatMap((line) => headerLine.exec(line)?.[1] ?? [])
  return names.length >= 3 && names.some((name) => mailHeaders.has(name.toLowerCase()))
}

const headerLine = /^[ \t]{0,4}([A-Z][A-Za-z]{1,20}(?:-[A-Za-z]{1,20}){0,4}):[ \t]?\S/
const mailHeaders = new Set(['received', 'message-id', 'mime-version', 'return-path'])

function messageIdOf(value: string | undefined): string | undefined {
  return value === undefined ? undefined : /<[^<>\s]{1,500}>/.exec(value)?.[0]
}
