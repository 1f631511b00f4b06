/**
 * JSON in UTF-8 as a binary string, one character an octet: half as large in memory as a text with one character beyond Latin-1,
 * and written without encoding it again.
 */
export type Octets = string

/** A message of the Send API, in pieces to be written one behind the other. */
export interface EncodedMail {
  pieces: readonly Octets[]
  length: number
}

export interface MailEncoder {
  /** A message of its head and the pieces of its two bodies. */
  message(head: object, html: readonly string[], text: readonly string[]): EncodedMail
  /** A call with these messages. */
  call(mails: readonly EncodedMail[], options: { sandbox: boolean }): Buffer
  /** Takes back the room of a call whose every octet was read. */
  reuse(call: Buffer): void
}

/** From this length on, in characters, a piece is one that many mails share. */
const sharedLength = 400
/** Some campaigns' worth of those, in several languages. */
const mostKept = 500

/** Encodes mails one by one, and what many of them share once. */
export function openEncoder(): MailEncoder {
  const kept = { html: new Map<string, Octets>(), text: new Map<string, Octets>() }

  function piece(kind: 'html' | 'text', said: string): Octets {
    if (said.length < sharedLength) return encodePiece(kind, said)
    const known = kept[kind].get(said)
    if (known !== undefined) return known
    const encoded = encodePiece(kind, said)
    if (kept[kind].size >= mostKept) kept[kind].clear()
    kept[kind].set(said, encoded)
    return encoded
  }

  function body(name: string, kind: 'html' | 'text', pieces: readonly string[]): Octets[] {
    if (pieces.every((one) => one === '')) return []
    const octets = [`,"${name}":"`]
    let before = ''
    for (const one of pieces) {
      // Two brackets that meet are as good as two that stand together.
      if (before.endsWith('[') && one.startsWith('[')) octets.push(separators[kind])
      octets.push(piece(kind, one))
      before = one
    }
    octets.push('"')
    return octets
  }

  return {
    message(head, html, text) {
      const start = octetsOf(JSON.stringify(head)).slice(0, -1)
      const bodies = [...body('TextPart', 'text', text), ...body('HTMLPart', 'html', html)]
      const pieces = [start, ...bodies, '}']
      return { pieces, length: lengthOf(pieces) }
    },
    ...openRooms(),
  }
}

/** Calls are written into rooms that stay: new ones of megabytes each time would be most of the garbage. */
function openRooms(): Pick<MailEncoder, 'call' | 'reuse'> {
  const free: Buffer[] = []
  return {
    call(mails, { sandbox }) {
      const end = sandbox ? '],"SandboxMode":true}' : ']}'
      const length =
        opening.length + mails.reduce((sum, one) => sum + one.length + 1, -1) + end.length
      const room = free.pop()
      const call =
        room && room.length >= length ? room : Buffer.allocUnsafeSlow(Math.ceil(length * 1.1))
      let at = call.write(opening, 'latin1')
      for (const [index, { pieces }] of mails.entries()) {
        if (index > 0) at += call.write(',', at, 'latin1')
        for (const octets of pieces) at += call.write(octets, at, 'latin1')
      }
      call.write(end, at, 'latin1')
      return call.subarray(0, length)
    },
    reuse(call) {
      if (free.length < mostRooms) free.push(Buffer.from(call.buffer))
    },
  }
}

const opening = '{"Messages":['
/** As many as there are calls at once, mostly. */
const mostRooms = 8

function lengthOf(pieces: readonly Octets[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** Neither a quotation mark, nor a backslash, nor a bracket. */
const isPlain = /^[ !#-Z\]-~]*$/

function encodePiece(kind: 'html' | 'text', said: string): Octets {
  if (isPlain.test(said)) return said
  return octetsOf(JSON.stringify(kind === 'html' ? guardHtml(said) : guardText(said))).slice(1, -1)
}

// A word joiner, which nobody sees.
const separators = { html: '&#8288;', text: octetsOf('\u2060') }

// Mailjet fills in [[var:…]] and [[data:…]], also without its template language.
const brackets = /\[\[/g

function guardHtml(html: string): string {
  return html.replace(brackets, '&#91;&#91;')
}

/** With a word joiner between the brackets. */
export function guardText(text: string): string {
  return text.replace(brackets, '[\u2060[')
}

function octetsOf(text: string): Octets {
  return Buffer.from(text).toString('latin1')
}
