import type { Message, Octets } from '../../transport.ts'

/** What the relay gets between the answer to DATA and the final dot; its last line is ended. */
export interface Content {
  /** In octets. */
  readonly length: number
  /** Each leaves in one write. */
  readonly parts: readonly Octets[]
}

// A larger message leaves in parts, so that of a link that breaks within it is known that nothing was delivered.
const most = 128 * 1024

/** The content of a message, with the field that signs it before it, if there is one. */
export function contentOf(message: Pick<Message, 'mime' | 'octets'>, field = ''): Content {
  const octets = octetsOf(message)
  const whole = field === '' ? octets : joined(stringOctets(field), octets)
  return { length: whole.length, parts: whole.length <= most ? [whole] : cut(whole) }
}

/** All of a message. */
export function octetsOf(message: Pick<Message, 'mime' | 'octets'>): Octets {
  return message.octets?.() ?? stringOctets(message.mime())
}

/** Those of a binary string: one character is one octet. */
export function stringOctets(text: string): Octets {
  return { length: text.length, write: (into, at) => at + into.write(text, at, 'latin1') }
}

function joined(first: Octets, second: Octets): Octets {
  return {
    length: first.length + second.length,
    write: (into, at) => second.write(into, first.write(into, at)),
  }
}

function cut(octets: Octets): Octets[] {
  const all = written(octets)
  const parts: Octets[] = []
  for (let start = 0; start < all.length; start += most) {
    const part = all.subarray(start, start + most)
    parts.push({ length: part.length, write: (into, at) => at + part.copy(into, at) })
  }
  return parts
}

function written(octets: Octets): Buffer {
  const all = Buffer.allocUnsafe(octets.length)
  octets.write(all, 0)
  return all
}

/** Whether any octet is beyond ASCII. */
export function isBeyondAscii({ parts }: Content): boolean {
  return parts.some((part) => written(part).some((octet) => octet > 127))
}
