import { convert, type HtmlToTextOptions } from 'html-to-text'
import type { Statics } from './statics.ts'
import { type Tokens, tokensIn } from './tokens.ts'

/** Writes an author's Markdown, rendered, as plain text: links with their address behind them, tables in columns. */
export function markdownText(html: string): string {
  return tidy(convert(html, { ...options, selectors: [...selectors, dataTable] }))
}

/** The same with a table's rows as lines, which leaves room for block tags in and between them. */
export function rowText(html: string): string {
  return tidy(convert(html, { ...options, selectors: [...selectors, dataRow] }))
}

/** Writes a whole mail as plain text; its tables are layout, its preheader is not part of it. */
export function mailText(html: string): string {
  const baseElements = { selectors: ['div[role=article]'] }
  return tidy(convert(html, { ...options, selectors, baseElements }))
}

/** Takes the line breaks of lines that hold block tags only, so that no gaps stay where they stood. */
export function joinTagLines(tokens: Tokens, text: string): string {
  const words = `(?:${tokens.prefix}\\d+x[ \\t]*)+`
  const areTags = (found: string) =>
    tokensIn(tokens, found).every(({ token }) => token.kind === 'tag')
  return text
    .replace(new RegExp(`^[ \\t]*(${words})\\n(?:[ \\t]*\\n)*`, 'gm'), (line, found: string) =>
      areTags(found) ? found.replace(/\s+/g, '') : line,
    )
    .replace(new RegExp(`\\n\\s*(${words})$`), (end, found: string) =>
      areTags(found) ? `\n${found}` : end,
    )
}

/** What must stand at the end of every mail and the text, which ends with a line break, does not say yet, in the reader's language. */
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
  return lines.length === 0 ? '' : `\n-- \n${lines.join('\n')}\n`
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
const dataRow = {
  selector: 'tr',
  format: 'block',
  options: { leadingLineBreaks: 1, trailingLineBreaks: 1 },
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
