/**
 * Encodes text as quoted-printable (RFC 2045 §6.7): ASCII, lines of at most 76 characters ended by CRLF, none of which
 * begins with a dot, so that SMTP has nothing to stuff, or with `From `, which mail stores alter. Any line end in the
 * text becomes one CRLF; half a character becomes U+FFFD. The text begins at the beginning of a line.
 */
export function encodeQuotedPrintable(text: string): string {
  begin(text.length)
  encode(text)
  protectSpace()
  return out.toString('latin1', 0, at)
}

function encode(text: string): void {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  for (let index = 0; index < lines.length; index += 1) {
    const char = lines.charCodeAt(index)
    if (char === lf) writeLineEnd()
    else if (char > 127) index += writeBeyondAscii(lines, index)
    else if (isPlain[char] === 1) writePlain(lines, index)
    else {
      reserve(3)
      writeCode(char)
    }
  }
}

/**
 * Encodes a piece of a text whose pieces are encoded apart. A piece that does not end its line ends in a soft line break, so
 * that the next one begins a line, whatever it is.
 */
export function encodePiece(text: string): Buffer {
  const collected = openPieces()
  collected.encode(text)
  return collected.take().octets
}

/** The octets of several pieces, one behind the other, and where each ends. */
export interface Pieces {
  readonly octets: Buffer
  readonly ends: readonly number[]
}

/** Collects the pieces of one mail at a time, into octets that the garbage collector need not look at. */
export function openPieces() {
  at = 0
  const ends: number[] = []
  return {
    /** A binary string, as it is. */
    put(text: string): void {
      makeRoom(text.length)
      at += out.write(text, at, 'latin1')
      ends.push(at)
    },
    encode(text: string): void {
      makeRoom(text.length * 10 + 16)
      room = longestLine
      if (isPlainText(text)) putLines(text)
      else if (text !== '') {
        encode(text)
        protectSpace()
        if (out[at - 1] !== lf) putSoftBreak()
      }
      ends.push(at)
    },
    take(): Pieces {
      const octets = Buffer.allocUnsafe(at)
      out.copy(octets, 0, 0, at)
      return { octets, ends }
    },
  }
}

/** Whether a piece ends in a soft line break; a text that does has no end. */
export function endsSoftly(octets: Buffer, end = octets.length): boolean {
  return (
    end >= softBreak.length && octets[end - softBreak.length] === equals && octets[end - 1] === lf
  )
}

/** Whether a text needs no more than line breaks, as most values and links do. */
function isPlainText(text: string): boolean {
  if (!plainText.test(text)) return false
  for (let start = 0; start < text.length; start += longestLine) {
    if (startsOddly(text, start)) return false
  }
  return true
}

function putLines(text: string): void {
  for (let start = 0; start < text.length; start += longestLine) {
    const line = text.length <= longestLine ? text : text.slice(start, start + longestLine)
    at += out.write(line, at, 'latin1')
    putSoftBreak()
  }
}

/** What a soft line break takes. */
export const softBreak = '=\r\n'
/** Characters that stand for themselves, the last one at the end of a line too. */
const plainText = /^[ -<>-~]*[!-<>-~]$/

/** Without the `=` that ends a soft line. */
const longestLine = 75
const [lf, cr, space, tab, equals, dot, letterF] = [10, 13, 32, 9, 61, 46, 70] as const
const hex = Buffer.from('0123456789ABCDEF')
/** What may stand for itself, except where a line begins or ends. */
const isPlain = Uint8Array.from({ length: 128 }, (_, char) =>
  char === tab || (char >= space && char <= 126 && char !== equals) ? 1 : 0,
)

// One text at a time: its octets, how many there are, and how many more its last line takes.
let out = Buffer.allocUnsafe(0)
let at = 0
let room = longestLine

function begin(length: number): void {
  at = 0
  // Nine for a character, and three for the soft line break of at most eleven less than a line.
  makeRoom(length * 10 + 16)
  room = longestLine
}

function makeRoom(more: number): void {
  if (out.length - at >= more) return
  const wider = Buffer.allocUnsafe(2 * (at + more))
  out.copy(wider, 0, 0, at)
  out = wider
}

/** Breaks the line where it has no room for so many more. */
function reserve(octets: number): void {
  if (room >= octets) return
  putSoftBreak()
  room = longestLine
}

function putSoftBreak(): void {
  out[at] = equals
  out[at + 1] = cr
  out[at + 2] = lf
  at += softBreak.length
}

function writePlain(text: string, index: number): void {
  const char = text.charCodeAt(index)
  reserve(1)
  if (room === longestLine && startsOddly(text, index)) return writeCode(char)
  out[at++] = char
  room -= 1
}

/** Whether a line must not begin so. */
function startsOddly(text: string, index: number): boolean {
  const char = text.charCodeAt(index)
  return char === dot || (char === letterF && text.startsWith('From ', index))
}

function writeCode(octet: number): void {
  out[at] = equals
  out[at + 1] = hex[octet >> 4] ?? 0
  out[at + 2] = hex[octet & 15] ?? 0
  at += 3
  room -= 3
}

/** Writes one character as UTF-8, whole on one line, and answers by how much it is longer than one unit of the text. */
function writeBeyondAscii(text: string, index: number): number {
  const point = text.codePointAt(index) ?? 0
  const char = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
  if (char < 0x800) {
    reserve(6)
    writeCode(0xc0 | (char >> 6))
  } else if (char < 0x10000) {
    reserve(9)
    writeCode(0xe0 | (char >> 12))
    writeCode(0x80 | ((char >> 6) & 0x3f))
  } else {
    reserve(12)
    writeCode(0xf0 | (char >> 18))
    writeCode(0x80 | ((char >> 12) & 0x3f))
    writeCode(0x80 | ((char >> 6) & 0x3f))
  }
  writeCode(0x80 | (char & 0x3f))
  return char > 0xffff ? 1 : 0
}

function writeLineEnd(): void {
  protectSpace()
  out[at] = cr
  out[at + 1] = lf
  at += 2
  room = longestLine
}

/** White space at the end of a line would be taken for padding (RFC 2045 §6.7 (3)). */
function protectSpace(): void {
  const last = out[at - 1]
  if (room === longestLine || (last !== space && last !== tab)) return
  at -= 1
  room += 1
  reserve(3)
  writeCode(last)
}
