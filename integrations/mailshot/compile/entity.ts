import { compile } from 'html-to-text'

/** The text that HTML stands for, every entity read as a mail client would. */
export function decodeEntities(html: string): string {
  if (!html.includes('&')) return html
  return html.replace(entity, (written, decimal?: string, hex?: string) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code)
    // White space is nothing to the converter.
    return common[written] ?? (convert(written) || ' ')
  })
}

const entity = /&(?:#(\d+)|#x([\da-f]+)|[a-z][a-z\d]*);?/gi
const convert = compile({ wordwrap: false })
const common: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': '\u00A0',
  '&zwnj;': '\u200C',
}
