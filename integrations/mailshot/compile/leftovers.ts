import { errorAt, lineAt, type Place, type Problem } from '../campaign/problem.ts'
import { hole } from './branches.ts'
import { decodeEntities } from './entity.ts'
import type { HtmlEvent } from './html-scan.ts'
import { piecesOf } from './pieces.ts'
import type { Tokens } from './tokens.ts'

/**
 * Placeholders of other systems in a source, which readers would see as they are. One with a token in it is left to the
 * finished HTML.
 */
export function lintLeftovers(source: string, place: Place, { prefix }: Tokens): Problem[] {
  // Markdown takes the backslashes away.
  const plain = source.replace(/\\(?=[!-/:-@[-`{-~])/g, '')
  const found = foreignIn(plain).filter(({ text }) => !text.includes(prefix))
  return found.map(({ text, offset }) =>
    placeholder({ file: place.file, line: lineAt(plain, offset, place.line) }, text),
  )
}

/** Whether a short text, such as an address, holds a placeholder of any system. */
export function holdsPlaceholder(text: string): boolean {
  return foreignIn(text).length > 0 || /\{[{%]|[}%]\}/.test(text)
}

/**
 * What readers of finished HTML would see of placeholders, of footnotes, and of Markdown that was not understood. In
 * code they may be meant.
 */
export function lintShownText(
  events: readonly HtmlEvent[],
  { tokens, locate }: { tokens: Tokens; locate: (text: string) => Place },
): Problem[] {
  const text = shownText(tokens, events)
  const own = Array.from(text.matchAll(braced), ([match]) => match)
  const halves = text.replace(braced, '').matchAll(/(\{\{|\}\}|\{%|%\})[^{}\n]*/g)
  const placeholders = [...foreignIn(text).map((one) => one.text), ...own]
  return [
    ...placeholders.map((one) => placeholder(locate(one), one)),
    ...Array.from(halves, ([match, half = '']) => halfPlaceholder(locate(match), half)),
    ...Array.from(text.matchAll(markdownLink), ([match]) => leftMarkdown(locate(match), match)),
    ...Array.from(text.matchAll(footnote), ([match]) => leftFootnote(locate(match), match)),
  ]
}

const foreign = [
  /\*\|[^|\s]+\|\*/g,
  /\[\[[\w .:-]+\]\](?!\()/g,
  /%[A-Z][A-Z0-9_]{2,}%|%(?:nom|name|email|prenom|firstname)%/g,
  /(?<![\w.+-])@[a-z][a-z_]*@(?!\w)/gi,
]
const braced = /\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}/g
/** An image always; a link where what follows is much like an address. */
const markdownLink = /!\[[^[\]\n]*\]\([^\n)]*\)?|\[[^[\]\n]*\]\([^\n)]*[/.:@#][^\n)]*\)/g
const footnote = /\[\^[\w-]+\]/g

const inline = new Set(
  (
    'a abbr b bdi bdo big cite del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u ' +
    'var wbr'
  ).split(' '),
)
const spoken = new Set(['alt', 'title', 'aria-label'])

function foreignIn(text: string): { text: string; offset: number }[] {
  const blanked = text.replace(/https?:\/\/[^\s<>"')]+/g, (url) => ' '.repeat(url.length))
  return foreign.flatMap((pattern) =>
    Array.from(blanked.matchAll(pattern), (match) => ({ text: match[0], offset: match.index })),
  )
}

/** The words of all branches, one line a block, a hole for each value. */
function shownText(tokens: Tokens, events: readonly HtmlEvent[]): string {
  const read = (text: string) =>
    piecesOf(tokens, text, decodeEntities)
      .map((piece) => (typeof piece === 'string' ? piece : 'output' in piece ? hole : ''))
      .join('')
  let code = 0
  return events
    .map((event) => {
      if (event.type === 'text') return code === 0 ? read(event.text) : ''
      if (event.type !== 'open' && event.type !== 'close') return ''
      if (event.name === 'code' || event.name === 'pre')
        code = Math.max(0, code + (event.type === 'open' ? 1 : -1))
      const words = event.type === 'open' ? event.attributes : []
      const said = words.filter(({ name }) => spoken.has(name)).map(({ value }) => read(value))
      return [...(inline.has(event.name) ? [''] : ['\n']), ...said.map((one) => `${one}\n`)].join(
        '',
      )
    })
    .join('')
}

function placeholder(place: Place, text: string): Problem {
  return errorAt(
    place,
    `"${text.replaceAll(hole, '…')}" looks like a placeholder`,
    'readers would see it as it is',
    'merge fields are written {{ nom }} here',
  )
}

function leftMarkdown(place: Place, text: string): Problem {
  const kind = text.startsWith('!') ? 'an image' : 'a link'
  return errorAt(
    place,
    `"${text.replaceAll(hole, '…')}" is not ${kind}`,
    'readers would see it as it is',
    'write an address with spaces or brackets in <…>; in MJML and HTML write <a> or <img>',
  )
}

function leftFootnote(place: Place, text: string): Problem {
  const why = 'a mail has no footnotes, and readers would see it as it is'
  return errorAt(place, `the footnote ${text}`, why, 'put it in brackets, or at the end')
}

function halfPlaceholder(place: Place, text: string): Problem {
  return errorAt(
    place,
    `"${text}" without its other half`,
    'readers would see it',
    'write {{ field }}, with straight quotes inside that are closed again',
  )
}
