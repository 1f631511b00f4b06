import { convert } from 'html-to-text'

/** The text that HTML stands for, every entity read as a mail client would. */
export function decodeEntities(html: string): string {
  if (!html.includes('&')) return html
  return html.replace(entity, (written) => common[written] ?? decoded(written))
}

const entity = /&(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);?/gi
const common: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': '\u00A0',
}

/** White space is nothing to the converter. */
function decoded(written: string): string {
  return convert(written, { wordwrap: false }) || ' '
}
