/**
 * Encodes text as quoted-printable (RFC 2045 §6.7): ASCII, lines of at most 76 characters ended by CRLF, none of which
 * begins with a dot, so that SMTP has nothing to stuff, or with `From `, which mail stores alter. Any line end in the
 * text becomes one CRLF. The first character stands at the beginning of a line.
 */
export function encodeQuotedPrintable(text: string): string {
  const bytes = Buffer.from(text.replace(/\r\n?/g, '\n'))
  const out = spaceFor(bytes.length)
  let at = 0
  let column = 0
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte === lf) {
      out[at++] = cr
      out[at++] = lf
      column = 0
      continue
    }
    const plain = isPlain[byte] === 1 && !needsCode(bytes, index, column)
    if (column + (plain ? 1 : 3) > longestLine - 1) {
      out[at++] = equals
      out[at++] = cr
      out[at++] = lf
      column = 0
      index -= 1
      continue
    }
    if (plain) {
      out[at++] = byte
      column += 1
    } else {
      out[at++] = equals
      out[at++] = hex[byte >> 4] ?? 0
      out[at++] = hex[byte & 15] ?? 0
      column += 3
    }
  }
  return out.toString('latin1', 0, at)
}

const longestLine = 76
const [lf, cr, space, tab, equals, dot, letterF] = [10, 13, 32, 9, 61, 46, 70]
const hex = Buffer.from('0123456789ABCDEF')
/** What may stand for itself, except where a line begins or ends. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === tab || (byte >= space && byte <= 126 && byte !== equals) ? 1 : 0,
)

function needsCode(bytes: Buffer, index: number, column: number): boolean {
  const byte = bytes[index]
  if (byte === space || byte === tab) return index + 1 === bytes.length || bytes[index + 1] === lf
  if (column > 0) return false
  return (
    byte === dot || (byte === letterF && bytes.toString('latin1', index, index + 5) === 'From ')
  )
}

let scratch = Buffer.allocUnsafe(0)

/** Room for the encoded form, used again for each text. */
function spaceFor(length: number): Buffer {
  // Three characters a byte, and three more for each soft line break.
  const most = length * 3 + Math.ceil((length * 3) / (longestLine - 3)) * 3 + 3
  if (scratch.length < most) scratch = Buffer.allocUnsafe(most * 2)
  return scratch
}
