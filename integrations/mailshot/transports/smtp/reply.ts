import { isUtf8 } from 'node:buffer'

/** A server's whole answer (RFC 5321 §4.2): its code, and all its lines as text, code included. */
export interface Reply {
  code: number
  text: string
}

/** The replies that a piece of the stream completed, in order, and what was wrong after them. */
export interface Reading {
  replies: Reply[]
  /** No reply can be told from here on: the connection is of no more use. */
  breach?: string
}

// RFC 5321 §4.5.3.1.5 allows 512 octets a line; servers that explain themselves exceed it.
const longestLine = 2048
const mostLines = 128
const lineForm = /^[2-5][0-5]\d(?:[ -]|$)/
// oxlint-disable-next-line no-control-regex -- no reply text has one but a tab (RFC 5321 §4.2)
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/

/**
 * Reads replies out of a stream that may be cut at any octet, as strictly as RFC 5321 §4.2 writes them: a misread reply
 * would be taken for the answer to another message.
 */
export function makeReplyReader(): (chunk: string) => Reading {
  let rest = ''
  let begun: string[] = []

  /** The reply that this line ends, `undefined` where another line must follow, or what is wrong with it. */
  function take(line: string): Reply | string | undefined {
    if (line.length > longestLine) return 'a reply line without an end'
    if (!lineForm.test(line) || controls.test(line)) return `no SMTP reply: ${quoted(line)}`
    const [first] = begun
    if (first !== undefined && !line.startsWith(first.slice(0, 3))) {
      return `a reply of two codes: ${quoted(first)}, ${quoted(line)}`
    }
    if (line[3] === '-') {
      begun.push(line)
      return begun.length < mostLines ? undefined : 'a reply of too many lines'
    }
    const text = first === undefined ? line : [...begun, line].join('\r\n')
    begun = []
    return { code: Number(line.slice(0, 3)), text: inUtf8(text) }
  }

  return (chunk) => {
    const stream = rest + chunk
    const replies: Reply[] = []
    let from = 0
    for (let end = stream.indexOf('\n'); end >= 0; end = stream.indexOf('\n', from)) {
      // RFC 5321 §2.3.8: nothing but CRLF ends a line; a bare LF is left in it, where it is no text.
      const line =
        stream[end - 1] === '\r' ? stream.slice(from, end - 1) : stream.slice(from, end + 1)
      from = end + 1
      const taken = take(line)
      if (typeof taken === 'string') return { replies, breach: taken }
      if (taken) replies.push(taken)
    }
    rest = from === 0 ? stream : stream.slice(from)
    return rest.length > longestLine
      ? { replies, breach: 'a reply line without an end' }
      : { replies }
  }
}

/** The text of these octets (RFC 6531 §3.7.4.1); where they are no UTF-8, each is a character of Latin-1. */
function inUtf8(octets: string): string {
  if (!/[\u0080-\u00ff]/.test(octets)) return octets
  const text = Buffer.from(octets, 'latin1')
  return isUtf8(text) ? text.toString() : octets
}

function quoted(line: string): string {
  return JSON.stringify(line.slice(0, 200))
}

/** Whether a command, or a whole message, was taken (RFC 5321 §4.3.2). */
export function isYes({ code }: Reply): boolean {
  return code >= 250 && code < 260
}

/** Whether it was refused, for now or for good. */
export function isNo({ code }: Reply): boolean {
  return code >= 400
}
