/** Decodes what RFC 2047 encodes, in any text: some servers do so with the fields of a report. What cannot be decoded stays. */
export function decodeWords(text: string): string {
  return text.replace(/(?<=\?=)[ \t]+(?==\?)/g, '').replace(encodedWord, decodeWord)
}

const encodedWord = /=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([bq])\?([^\s?]{0,500})\?=/gi

function decodeWord(whole: string, charset: string, encoding: string, content: string): string {
  try {
    return new TextDecoder(charset).decode(
      encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : octetsOf(content),
    )
  } catch {
    return whole
  }
}

function octetsOf(content: string): Buffer {
  const text = content
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
