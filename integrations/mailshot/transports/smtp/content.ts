import type { Message } from '../../transport.ts'

/** Octets: a binary string, one character an octet, or what many messages share. */
export type Octets = string | Buffer

/** What the relay gets between the answer to DATA and the final dot; its last line is ended. */
export interface Content {
  /** In octets. */
  readonly length: number
  /** Each leaves in one write. */
  readonly parts: readonly (readonly Octets[])[]
}

// A larger message leaves in parts, so that of a link that breaks within it is known that nothing was delivered.
const most = 128 * 1024

/** The content of a message, with the field that signs it before it, if there is one. */
export function contentOf(message: Pick<Message, 'mime' | 'pieces'>, field = ''): Content {
  const pieces = message.pieces?.() ?? [message.mime()]
  const all = field === '' ? pieces : [field, ...pieces]
  let length = 0
  for (const piece of all) length += piece.length
  return { length, parts: length <= most ? [all] : cut(all) }
}

function cut(pieces: readonly Octets[]): Octets[][] {
  const parts: Octets[][] = []
  let part: Octets[] = []
  let room = most
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const some =
        typeof piece === 'string' ? piece.slice(at, at + room) : piece.subarray(at, at + room)
      part.push(some)
      at += some.length
      room -= some.length
      if (room > 0) continue
      parts.push(part)
      part = []
      room = most
    }
  }
  return part.length > 0 ? [...parts, part] : parts
}

/** Whether any octet is beyond ASCII. */
export function isBeyondAscii({ parts }: Content): boolean {
  const text = (piece: Octets) => (typeof piece === 'string' ? piece : piece.toString('latin1'))
  return parts.some((part) => part.some((piece) => beyondAscii.test(text(piece))))
}

const beyondAscii = /[^\u0000-\u007f]/ // oxlint-disable-line no-control-regex -- the whole of ASCII
