/**
 * A raw mail as the parser is to see it: bounded, with line ends that it knows. Reports come first, and the mail they return last:
 * what lies behind the bounds is not looked at.
 */
export function tidyRaw(raw: Uint8Array): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, most.bytes))
  const text = bytes
    .toString('latin1')
    .replace(/\r{1,2}\n|\r/g, '\n')
    .replaceAll('\0', ' ')
  const lines = withoutEnvelope(text).split('\n', most.lines)
  return Buffer.from(cutParts(markRaw(cutHeaders(lines).join('\n'))), 'latin1')
}

/** Far beyond what mail systems write, and little enough for a parser that takes its time for each. */
const most = {
  bytes: 128 * 1024,
  lines: 4000,
  headerLines: 500,
  foldedLines: 20,
  boundaries: 40,
  delimiters: 200,
}
/** RFC 5322 §2.1.1 */
const longestLine = 998

/** A mailbox file puts a line before each mail (RFC 4155). */
function withoutEnvelope(text: string): string {
  const start = /^\n*(?:>?From [^\n]*\n)?\n*/.exec(text)?.[0].length ?? 0
  return text.slice(start)
}

/** Lists of addresses and the like cost a parser the square of their length. */
function cutHeaders(lines: readonly string[]): string[] {
  const end = lines.indexOf('')
  const count = end < 0 ? lines.length : end
  let folded = 0
  const headers = lines.slice(0, Math.min(count, most.headerLines)).flatMap((line) => {
    folded = /^[ \t]/.test(line) ? folded + 1 : 0
    return folded > most.foldedLines ? [] : [line.slice(0, longestLine)]
  })
  return [...headers, ...lines.slice(count)]
}

/**
 * Says what the parser is to make of text that does not say, or says that it is ASCII: its bytes as they are, which `readAnew` then
 * reads. A returned mail stays a part, also where it asks to be shown.
 */
function markRaw(text: string): string {
  const named = text
    .replace(unknownCharset, '$1binary')
    .replace(emptyType, '$1 text/plain')
    .replace(shownMail, (header) => header.replace(/inline/i, 'attachment'))
  const end = named.indexOf('\n\n')
  const hasType = /^content-type[ \t]{0,8}:/im.test(end < 0 ? named : named.slice(0, end))
  return hasType ? named : `Content-Type: text/plain; charset=binary\n${named}`
}

const unknownCharset =
  /(\bcharset[ \t]{0,8}=[ \t]{0,8}"?)(?:us-?ascii|ansi_x3\.4-1968|ascii|unknown-8bit|x-unknown|unknown|8bit|default)(?![\w-])/gi
/** RFC 2045 §5.2: what names no type is text. */
const emptyType = /^(content-type[ \t]{0,8}:)[ \t;]{0,8}(?=\n(?![ \t])|(?![^]))/gim
const shownMail =
  /^content-(?:type:[ \t]{0,8}message\/rfc822\b[^\n]{0,200}\n(?:content-[^\n]{1,200}\n){0,3}content-disposition:[ \t]{0,8}inline|disposition:[ \t]{0,8}inline[^\n]{0,200}\n(?:content-[^\n]{1,200}\n){0,3}content-type:[ \t]{0,8}message\/rfc822)\b/gim

/** Cuts a mail that is nested or divided without end. */
function cutParts(text: string): string {
  return cutBehind(cutBehind(text, /\bboundary\b/gi, most.boundaries), /^--/gm, most.delimiters)
}

function cutBehind(text: string, pattern: RegExp, times: number): string {
  let count = 0
  for (const { index } of text.matchAll(pattern)) {
    count += 1
    if (count > times) return text.slice(0, index)
  }
  return text
}
