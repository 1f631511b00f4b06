import type { Octets } from '../transport.ts'
import { endsSoftly, openPieces, type Pieces, softBreak } from './quoted-printable.ts'

/** A body whose literals are encoded already, as pieces. */
export interface Body {
  /** What stands one behind the other: `n` is literal number n, `~n` is value number n. */
  readonly order: readonly number[]
  readonly literals: readonly Buffer[]
  /** Texts. One that stands in several places is here once. */
  readonly values: readonly string[]
}

/** What stands around the bodies of a mail, as binary strings. */
export interface Frame {
  readonly header: string
  readonly between: string
  readonly end: string
}

/**
 * The octets of a mail with two bodies. What all readers share is pointed at; what is its own stands in one place outside
 * the heap, where a mail that waits for its turn is no work for the garbage collector.
 */
export function mailOctets({ header, between, end }: Frame, text: Body, html: Body): Octets {
  const pieces = openPieces()
  pieces.put(header)
  for (const value of text.values) pieces.encode(value)
  pieces.put(between)
  for (const value of html.values) pieces.encode(value)
  pieces.put(end)
  const own = pieces.take()
  const middle = 1 + text.values.length
  const last = middle + 1 + html.values.length
  const [textLength, htmlLength] = [bodyLength(own, text, 1), bodyLength(own, html, middle + 1)]
  const frame = ownLength(own, 0) + ownLength(own, middle) + ownLength(own, last)
  return {
    length: frame + textLength + htmlLength,
    write(into, start) {
      let at = copyOwn(own, 0, into, start)
      copyBody(own, { ...text, first: 1 }, into.subarray(0, at + textLength), at)
      at = copyOwn(own, middle, into, at + textLength)
      copyBody(own, { ...html, first: middle + 1 }, into.subarray(0, at + htmlLength), at)
      return copyOwn(own, last, into, at + htmlLength)
    },
  }
}

/** Without a soft line break at its end: a text that ended in one would have no end. */
function bodyLength(own: Pieces, { order, literals }: Body, first: number): number {
  let length = 0
  let isSoft = false
  for (const place of order) {
    const literal = place < 0 ? undefined : literals[place]
    const more = literal ? literal.length : ownLength(own, first + ~place)
    if (more === 0) continue
    length += more
    isSoft = literal ? endsSoftly(literal) : endsSoftly(own.octets, own.ends[first + ~place])
  }
  return isSoft ? length - softBreak.length : length
}

function ownLength({ ends }: Pieces, index: number): number {
  return (ends[index] ?? 0) - (ends[index - 1] ?? 0)
}

/** Answers where it ends. */
function copyOwn({ octets, ends }: Pieces, index: number, into: Buffer, at: number): number {
  return at + octets.copy(into, at, ends[index - 1] ?? 0, ends[index])
}

function copyBody(
  own: Pieces,
  { order, literals, first }: Body & { first: number },
  into: Buffer,
  start: number,
): void {
  let at = start
  for (const place of order) {
    const literal = place < 0 ? undefined : literals[place]
    at = literal ? at + literal.copy(into, at) : copyOwn(own, first + ~place, into, at)
  }
}
