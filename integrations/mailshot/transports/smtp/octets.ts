import type { Octets } from '../../transport.ts'
import type { Wire } from './take-over.ts'

/** Shorter texts are joined as strings: their octets are copied anyway. */
const short = 4096
const usualSize = 64 * 1024

/**
 * Writes binary strings and octets to a connection, whole bodies into a buffer that is used again once it has left. As
 * one string, each body would be joined and copied by V8 before its octets are, and be 60 KB of garbage.
 *
 * @returns false where the connection has enough for now, as `socket.write` does
 */
export function octetWriter(
  socket: Wire['socket'],
): (pieces: readonly (string | Octets)[]) => boolean {
  let free: Buffer | undefined
  return (pieces) => {
    let length = 0
    for (const piece of pieces) length += piece.length
    if (length < short && pieces.every(isString)) {
      return socket.write(pieces.join(''), 'latin1')
    }
    const octets =
      free && free.length >= length ? free : Buffer.allocUnsafeSlow(Math.max(length, usualSize))
    free = undefined
    let at = 0
    for (const piece of pieces) {
      at =
        typeof piece === 'string' ? at + octets.write(piece, at, 'latin1') : piece.write(octets, at)
    }
    return socket.write(octets.subarray(0, at), () => void (free = octets))
  }
}

function isString(piece: string | Octets): piece is string {
  return typeof piece === 'string'
}
