import type { ByteText } from './buffer.ts'
import { isEscaped } from './value.ts'

/**
 * Goes behind the next of these ends that stands neither in a string, nor in a quoted name, nor in a comment, forgetting on the
 * way what it has passed.
 *
 * @param end one character, or a delimiter such as `;;`
 * @returns false where the file ends before
 */
export async function skipBehind(text: ByteText, end: string): Promise<boolean> {
  for (;;) {
    const mark = markFrom(text, end)
    if (mark === undefined) {
      // The last characters may be the first of a mark.
      text.at = Math.max(text.at, text.text.length - longestMark(end) + 1)
      if (await text.more()) continue
      text.at = text.text.length
      return false
    }
    text.at = mark.index + mark[0].length
    if (mark[0] === end) return true
    if (!(await skipInside(text, mark[0]))) return false
  }
}

/** Goes to the next character that is no white space and in no comment. */
export async function skipBlank(text: ByteText): Promise<boolean> {
  for (;;) {
    blank.lastIndex = text.at
    text.at += blank.exec(text.text)?.[0].length ?? 0
    if (text.text.length - text.at < 3 && (await text.more())) continue
    if (text.at >= text.text.length) return false
    const start = text.text.slice(text.at, text.at + 3)
    // What MySQL alone reads is no comment here; what MariaDB alone reads is about its client.
    const mark = start === '/*!' ? undefined : /^(?:--(?=\s|$)|#|\/\*)/.exec(start)?.[0]
    if (mark === undefined) return true
    text.at += mark.length
    if (!(await skipInside(text, mark))) return false
  }
}

const blank = /[\s\ufeff\xef\xbb\xbf]*/y

/** The statement at the reader's place, without its end; undefined where the file ends before. */
export async function readStatement(text: ByteText, end: string): Promise<string | undefined> {
  for (;;) {
    const looked: ByteText = { ...text, more: () => Promise.resolve(false) }
    if (await skipBehind(looked, end)) {
      const statement = text.text.slice(text.at, looked.at - end.length)
      text.at = looked.at
      return statement
    }
    if (!(await text.more())) return undefined
  }
}

function markFrom({ text, at }: ByteText, end: string): RegExpExecArray | undefined {
  const marks = (markPatterns[end] ??= markPattern(end))
  marks.lastIndex = at
  const mark = marks.exec(text)
  // What begins at the very end may go on to be another mark.
  if (!mark || (mark[0] !== end && mark.index + longestMark(end) > text.length)) return undefined
  return mark
}

const markPatterns: Record<string, RegExp> = {}

function markPattern(end: string): RegExp {
  const escaped = end.replace(/\W/g, '\\$&')
  return new RegExp(`${escaped}|['"\`]|--[ \\t\\r\\n]|#|/\\*(?!!)`, 'g')
}

/** With the character behind it that tells what it is. */
function longestMark(end: string): number {
  return Math.max(end.length, 3)
}

/** Goes behind the string, name or comment that a mark began. */
async function skipInside(text: ByteText, mark: string): Promise<boolean> {
  const closing = mark === '/*' ? '*/' : /^(?:--|#)/.test(mark) ? '\n' : mark
  // The end of a line may be what made `--` a comment.
  if (closing === '\n' && mark.endsWith('\n')) return true
  for (let from = text.at; ;) {
    const end = text.text.indexOf(closing, from)
    if (end >= 0 && isClosing(text, { end, closing })) {
      text.at = end + closing.length
      return true
    }
    if (end >= 0) {
      from = end + 1
      continue
    }
    const kept = text.text.length - lengthToKeep(text, closing)
    text.at = Math.max(text.at, kept)
    if (!(await text.more())) {
      text.at = text.text.length
      return closing === '\n'
    }
    from = text.at
  }
}

function isClosing(text: ByteText, { end, closing }: { end: number; closing: string }): boolean {
  if (closing !== "'" && closing !== '"') return true
  return !isEscaped(text.text, end, text.at - 1)
}

/** What must be seen again with what follows it: half of a mark, or the backslashes before a quote. */
function lengthToKeep({ text, at }: ByteText, closing: string): number {
  let first = text.length
  while (first > at && text[first - 1] === '\\') first -= 1
  return Math.max(text.length - first, closing.length - 1)
}
