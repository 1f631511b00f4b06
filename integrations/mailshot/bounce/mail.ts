import { readAnew } from './charset.ts'
import { tidyRaw } from './raw.ts'

/** A mail as far as a reader of bounces needs it. */
export interface Mail {
  /** Names in lower case, values unfolded; in the order they stand. */
  headers: readonly { name: string; value: string }[]
  /** Decoded. */
  subject: string
  /** What a person would read. */
  text: string
  /** What is attached: reports and returned mails, by their media type. */
  parts: readonly { type: string; text: string }[]
}

/** Splits and decodes a raw mail, whatever it is: what cannot be split is read as one text. */
export async function readMail(raw: Uint8Array): Promise<Mail> {
  const tidy = tidyRaw(raw)
  const parsed = await parse(tidy)
  if (!parsed) return unsplit(tidy)
  const mail = {
    headers: parsed.headerLines.map(({ key, line }) => ({ name: key, value: valueOf(line) })),
    subject: (parsed.subject ?? '').slice(0, 1000),
    text: readAnew(
      (parsed.text?.trim() ? parsed.text : textOf(parsed.html || '')).slice(0, longestText),
    ),
    parts: parsed.attachments.slice(0, mostParts).map(({ contentType, content }) => ({
      // The parser gives `false` for a type that it cannot read.
      type: mediaType.exec(contentType)?.[0].toLowerCase() ?? 'text/plain',
      text: content.subarray(0, longestText).toString(),
    })),
  }
  // Multipart without its boundary, or with another one.
  return mail.text.trim() === '' && mail.parts.length === 0 ? { ...mail, text: bodyOf(tidy) } : mail
}

/** The first header of that name. */
export function headerOf({ headers }: Pick<Mail, 'headers'>, name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value
}

/** Reads the header block of a mail that is returned as text; it may be indented, quoted or cut off. */
export function readHeaders(text: string): Mail['headers'] {
  const headers: { name: string; value: string }[] = []
  for (const line of text.slice(0, longestText).split(/\r?\n/)) {
    const [, name, value = ''] = /^[> \t]{0,4}([A-Za-z][\w-]{0,60}):[ \t]?(.*)/.exec(line) ?? []
    const last = headers.at(-1)
    if (/^[ \t]+\S/.test(line) && last) last.value += ` ${line.trim()}`
    else if (name !== undefined) headers.push({ name: name.toLowerCase(), value: value.trim() })
    else if (headers.length > 0) break
  }
  return headers
}

/** Addresses in a text, in the order they stand, as written. */
export function addressesIn(text: string): string[] {
  const found = text.slice(0, longestText).matchAll(addressPattern)
  return [...found].map(([address]) => address.replace(/\.+$/, ''))
}

const mediaType = /^[^\s/]{1,100}\/[^\s/]{1,100}/
const longestText = 32 * 1024
const mostParts = 20

/** RFC 5321 §4.5.3.1 bounds both sides; `:` and `;` end what stands before (`rfc822;…`, `mailto:…`). */
const addressPattern =
  /(?:"[^"\r\n]{1,64}"|[^\s<>()[\]"',;:@\u3000-\uffff]{1,64})@[^\s<>()[\]"',;:@|\u3000-\uffff]{1,255}/g

async function parse(raw: Buffer) {
  const { simpleParser } = await import('mailparser')
  try {
    return await simpleParser(raw, {
      keepDeliveryStatus: true,
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      skipTextLinks: true,
    })
  } catch {
    // Beyond the limits of the parser (too many parts, headers too long): no mail system writes so.
    return undefined
  }
}

function unsplit(raw: Buffer): Mail {
  const headers = readHeaders(raw.toString('latin1', 0, longestText))
  const subject = headerOf({ headers }, 'subject') ?? ''
  return { headers, subject: subject.slice(0, 1000), text: bodyOf(raw), parts: [] }
}

function bodyOf(raw: Buffer): string {
  const end = raw.indexOf('\n\n')
  return end < 0 ? '' : raw.toString('utf8', end + 2, end + 2 + longestText)
}

function valueOf(line: string): string {
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/\r?\n[ \t]*/g, ' ')
    .trim()
}

/** HTML as lines of text: an end of a block ends a line. Linear, since nothing in it is nested. */
function textOf(html: string): string {
  return html
    .slice(0, 2 * longestText)
    .replace(/<(?:style|script)\b[^<>]*>[^<]*/gi, '')
    .replace(/<(?:br|\/p|\/div|\/tr|\/li|\/h\d|\/td)\b[^<>]*>/gi, '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&(?:lt|gt|amp|quot|nbsp|#39);/g, (entity) => entities[entity] ?? ' ')
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
}
