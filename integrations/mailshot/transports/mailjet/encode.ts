/**
 * JSON in UTF-8 as a binary string, one character an octet: half as large in memory as a text with one character beyond Latin-1,
 * and written without encoding it again.
 */
export type Octets = string

export interface MailEncoder {
  /** A message of the Send API v3.1 of its head and the pieces of its two bodies. */
  message(head: object, html: readonly string[], text: readonly string[]): Octets
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

  function body(name: string, kind: 'html' | 'text', pieces: readonly string[]): Octets {
    let octets = ''
    let before = ''
    for (const one of pieces) {
      // Two brackets that meet are as good as two that stand together.
      if (before.endsWith('[') && one.startsWith('[')) octets += separators[kind]
      octets += piece(kind, one)
      before = one
    }
    return octets === '' ? '' : `,"${name}":"${octets}"`
  }

  return {
    message: (head, html, text) =>
      octetsOf(JSON.stringify(head)).slice(0, -1) +
      body('TextPart', 'text', text) +
      body('HTMLPart', 'html', html) +
      '}',
  }
}

/** A call of the Send API. */
export function encodeCall(messages: readonly Octets[], options: { sandbox: boolean }): Buffer {
  const end = options.sandbox ? '],"SandboxMode":true}' : ']}'
  return Buffer.from(`{"Messages":[${messages.join(',')}${end}`, 'latin1')
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
const opening = /\[\[/g

function guardHtml(html: string): string {
  return html.replace(opening, '&#91;&#91;')
}

/** With a word joiner between the brackets. */
export function guardText(text: string): string {
  return text.replace(opening, '[\u2060[')
}

function octetsOf(text: string): Octets {
  return Buffer.from(text).toString('latin1')
}
