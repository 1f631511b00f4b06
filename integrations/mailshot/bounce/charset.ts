import { hasPhrase, plainWords } from './phrase.ts'
import { openings } from './phrases/notice.ts'
import { judgeByWords } from './refusal.ts'

/**
 * Reads again what was read as ISO 8859-1, for want of another name: as ISO-2022-JP where it has its escapes, as UTF-8 where it is
 * that, else in the first encoding in which it says something that a mail system writes. The rest stays as it is.
 */
export function readAnew(text: string): string {
  if (text.includes('\u001b$')) return decode(text, 'iso-2022-jp')
  if (!/[\u0080-\u00ff]/.test(text) || /[\u0100-\uffff]/.test(text)) return text
  const unicode = decode(text, 'utf-8')
  if (!unicode.includes('\ufffd')) return unicode
  // What is English reads the same in any of them, and tells nothing.
  const start = text.slice(0, longest)
  const other = others.find((name) => isSaying(decode(start, name).replace(/[a-z]/gi, '')))
  if (other !== undefined) return decode(text, other)
  const isKnown = isSaying(start)
  const latin = latins.find((name) => !isKnown && isSaying(decode(start, name)))
  return latin === undefined ? text : decode(text, latin)
}

/** Those come first in which the same bytes are least likely to make sense by chance. */
const others = [
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
  'windows-1251',
  'koi8-r',
  'windows-1256',
  'windows-1253',
]
const latins = ['iso-8859-2', 'windows-1250', 'windows-1254']
const longest = 4000

/** An end in the middle of a character is left away. */
function decode(text: string, name: string): string {
  return new TextDecoder(name).decode(Buffer.from(text, 'latin1'), { stream: true })
}

function isSaying(text: string): boolean {
  return hasPhrase(plainWords(text), openings) || judgeByWords({ text }) !== undefined
}
