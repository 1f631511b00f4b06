/** Where a merged value stands, which decides how it is escaped. */
export type Escape = (typeof escapes)[number]
export const escapes = ['html', 'url', 'url-part', 'plain', 'header'] as const

/** Makes a value harmless for its place. A value is data: nothing in it is markup, an address or a template. */
export function escapeValue(value: unknown, escape: Escape): string {
  const text = cleaned(asText(value))
  switch (escape) {
    case 'html':
      return escapeHtml(text)
    case 'url':
      return escapeHtml(safeUrl(text))
    case 'url-part':
      return urlPart(text)
    case 'plain':
      return text
    case 'header':
      return oneLine(text)
  }
}

/** For HTML text and quoted attribute values alike. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (char) => entities[char] ?? char) : text
}

/** The text that escaped HTML stands for, as far as we and Markdown escape. */
export function unescapeHtml(html: string): string {
  return html.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters[entity] ?? entity)
}

/** A value as a reader sees it: several joined by commas, nothing for nothing. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(asText).join(', ')
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A value that would show nothing, so that `default` takes its place. */
export function isBlank(value: unknown): boolean {
  return value === false || asText(value).trim() === ''
}

/** The text on one line, cut to what a header can reasonably hold. Spaces that do not break stay as they are. */
export function oneLine(text: string): string {
  const line = hasOddSpace.test(text)
    ? text.replace(/[\t\n\v\f\r \u2028\u2029]+/g, ' ').trim()
    : text
  return line.length <= longestHeader
    ? line
    : `${line
        .slice(0, longestHeader)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const characters = Object.fromEntries(
  Object.entries(entities).map(([char, entity]) => [entity, char]),
)
const longestHeader = 250
/** Any but single spaces between words. */
const hasOddSpace = /[\t\n\v\f\r\u2028\u2029]| {2}|^\s|\s$/

/**
 * Control characters, halves of characters and non-characters would break a message; bidirectional embeddings, overrides
 * and isolates could turn round the text that follows the value.
 */
const harmful =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is for
  /\p{Surrogate}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/gu

/** Nearly all values: plain ASCII, and the letters and marks of the languages of Europe. */
const harmless = /^[\x20-\x7e\xa0-\u02ff\u0370-\u06ff\u1e00-\u1fff\u2010-\u2027\u20ac]*$/

function cleaned(text: string): string {
  if (harmless.test(text)) return text
  return text.replace(harmful, '').replace(/\r\n?|[\u2028\u2029]/g, '\n')
}

/** A part of an address. Dots alone would climb out of its path, encoded or not, so nothing is written for them. */
function urlPart(text: string): string {
  if (text === '.' || text === '..') return ''
  return encodeURIComponent(text).replaceAll("'", '%27')
}

/** An address that a mail may link to, or `#`. Characters that have no place in one are encoded. */
function safeUrl(text: string): string {
  if (plainUrl.test(text)) return text
  const url = text.replace(/\s+/g, '')
  if (!/^(?:https?:\/\/|mailto:|tel:)./i.test(url)) return '#'
  return url.replace(/[^\w.~:/?#[\]@!$&()*+,;=%-]/gu, (char) => `%${hex(char).join('%')}`)
}

/** As our own links are. */
const plainUrl = /^https?:\/\/[\w.~:/?#[\]@!$&()*+,;=%-]+$/

function hex(char: string): string[] {
  return Array.from(Buffer.from(char), (byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
}
