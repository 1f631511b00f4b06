import { convert, type HtmlToTextOptions } from 'html-to-text'
import type { Statics } from './statics.ts'
import type { Tokens } from './tokens.ts'

/** Writes an author's Markdown, rendered, as plain text: links with their address behind them, tables in columns. */
export function markdownText(html: string): string {
  return tidy(convert(html, { ...options, selectors: [...selectors, dataTable] }))
}

/** The same with a table's cells below each other. */
export function cellText(html: string): string {
  return tidy(convert(html, { ...options, selectors }))
}

/** Writes a whole mail as plain text; its tables are layout, its preheader is not part of it. */
export function mailText(html: string): string {
  const baseElements = { selectors: ['div[role=article]'] }
  return tidy(convert(html, { ...options, selectors, baseElements }))
}

/** Takes the line breaks of lines that hold block tags only, so that no gaps stay where they stood. */
export function joinTagLines(tokens: Tokens, text: string): string {
  const alone = new RegExp(`^[ \\t]*((?:${tokens.prefix}\\d+x[ \\t]*)+)\\n(?:[ \\t]*\\n)*`, 'gm')
  return text.replace(alone, (line, words: string) => {
    const numbers = words.match(/\d+(?=x)/g) ?? []
    return numbers.every((number) => tokens.all[Number(number)]?.kind === 'tag')
      ? words.trim()
      : line
  })
}

/** What must stand at the end of every mail and the text does not say yet, in the reader's language. */
export function textFooter(
  text: string,
  has: (field: string) => boolean,
  statics: Statics,
): string {
  const lines = [
    has('url_view') ? '' : `${statics['words.view_in_browser']} ({{ url_view }})`,
    has('url_unsubscribe') ? '' : `${statics['words.unsubscribe']} ({{ url_unsubscribe }})`,
    text.includes(statics['site.address'] ?? '')
      ? ''
      : `${statics['site.title']}, ${statics['site.address']}`,
  ].filter((line) => line !== '')
  return lines.length === 0 ? '' : `\n\n-- \n${lines.join('\n')}`
}

function tidy(text: string): string {
  return text
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const heading = { options: { uppercase: false } }
const dataTable = {
  selector: 'table',
  format: 'dataTable',
  options: { uppercaseHeaderCells: false, colSpacing: 3 },
}
const selectors = [
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, ...heading })),
  { selector: 'a', options: { linkBrackets: ['(', ')'], hideLinkHrefIfSameAsText: true } },
  { selector: 'img', format: 'alt' },
] satisfies HtmlToTextOptions['selectors']
const options: HtmlToTextOptions = {
  wordwrap: false,
  formatters: {
    alt: (element, _walk, builder) => {
      const alt: unknown = element.attribs?.['alt']
      if (typeof alt === 'string' && alt !== '') builder.addInline(`[${alt}]`)
    },
  },
}
