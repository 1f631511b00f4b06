/**
 * A raw mail as the parser is to see it: bounded, with line ends that it knows. Reports come first, and the mail they return last:
 * what lies behind the bounds is not looked at.
 */
export function tidyRaw(raw: Uint8Array): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, most.bytes))
  const text = bytes.toString('latin1').replace(/\r\n?/g, '\n').replaceAll('\0', ' ')
  const lines = withoutEnvelope(text).split('\n', most.lines)
  return Buffer.from(cutParts(cutHeaders(lines).join('\n')), 'latin1')
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
