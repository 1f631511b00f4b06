import { errorAt, lineAt, type Place, type Problem } from '../campaign/problem.ts'
import { clearComments } from './comments.ts'

/** What a placeholder of the source became on its way through Markdown and MJML. */
export interface Token {
  kind: 'output' | 'tag' | 'fragment'
  /** Of an output or a tag, what stands between its delimiters. Of a fragment, text with tokens in it. */
  source: string
  /** `{{-` and `-}}` take the white space beside them. */
  trims: { before: boolean; after: boolean }
  place: Place
}

/** The placeholders of one mail. Each stands in the text as a word that Markdown and MJML pass unchanged. */
export interface Tokens {
  /** A word that no source holds. */
  prefix: string
  all: Token[]
}

/** A table of tokens whose words occur in none of the sources. */
export function createTokens(sources: readonly string[]): Tokens {
  let prefix = 'zq'
  while (sources.some((source) => source.includes(prefix))) prefix += 'q'
  return { prefix, all: [] }
}

/** Puts a token in the table and returns the word that stands for it. */
function addToken(tokens: Tokens, token: Token): string {
  return `${tokens.prefix}${tokens.all.push(token) - 1}x`
}

/** A text that holds tokens itself, to be escaped for wherever it ends up. */
export function addFragment(tokens: Tokens, source: string, place: Place): string {
  return addToken(tokens, { kind: 'fragment', source, trims: noTrims, place })
}

/** Cuts a text at its tokens. */
export function splitAtTokens(
  tokens: Tokens,
  text: string,
): (string | { index: number; token: Token })[] {
  const pieces = text.split(new RegExp(`${tokens.prefix}(\\d+)x`))
  return pieces.map((piece, position) => {
    const token = position % 2 === 1 ? tokens.all[Number(piece)] : undefined
    return token ? { index: Number(piece), token } : piece
  })
}

/** The tokens of a text, and where they begin. */
export function tokensIn(
  tokens: Tokens,
  text: string,
): { offset: number; index: number; token: Token }[] {
  if (!text.includes(tokens.prefix)) return []
  let offset = 0
  return splitAtTokens(tokens, text).flatMap((piece) => {
    const at = offset
    offset += typeof piece === 'string' ? piece.length : `${tokens.prefix}${piece.index}x`.length
    return typeof piece === 'string' ? [] : [{ ...piece, offset: at }]
  })
}

export interface ProtectOptions {
  tokens: Tokens
  /** Where the text begins. */
  place: Place
  /** The text for an expression that is known at compile time; undefined when it is a merge field. */
  resolve: (expression: string, place: Place, isStyle: boolean) => string | undefined
  /** Whether what stands there is shown as code, where a comment of HTML is none. */
  isCode?: (offset: number) => boolean
}

/**
 * Swaps the placeholders of a source for tokens. Comments go, of Liquid and of HTML (only those for Outlook stay); line
 * breaks stay where they are, so that positions found later are those of the source.
 */
export function protect(
  source: string,
  { tokens, place, resolve, isCode = () => false }: ProtectOptions,
): { text: string; problems: Problem[] } {
  const { text: cleared, problems } = clearComments(source, place, isCode)
  const styled = inStyles(cleared)
  const text = cleared.replace(placeholder, (whole, ...rest: string[]) => {
    const [open = '', output, closeOutput, openTag, tag, closeTag] = rest
    const offset = Number(rest[6])
    const at = { file: place.file, line: lineAt(cleared, offset, place.line) }
    const inner = (output ?? tag ?? '').trim().replace(/\s+/g, ' ')
    const known = output === undefined ? undefined : resolve(inner, at, styled(offset))
    if (known !== undefined) return known + lineBreaks(whole)
    const trims = {
      before: (output === undefined ? openTag : open) === '-',
      after: (closeOutput ?? closeTag) === '-',
    }
    return (
      addToken(tokens, {
        kind: output === undefined ? 'tag' : 'output',
        source: inner,
        trims,
        place: at,
      }) + lineBreaks(whole)
    )
  })
  return { text, problems: [...problems, ...leftovers(text, place)] }
}

const noTrims = { before: false, after: false }
const inside = String.raw`((?:"[^"]*"|'[^']*'|(?!\{[{%]|[}%]\})[^"'])*?)`
const placeholder = new RegExp(String.raw`\{\{(-?)${inside}(-?)\}\}|\{%(-?)${inside}(-?)%\}`, 'g')

function lineBreaks(text: string): string {
  return text.replace(/[^\n]+/g, '')
}

/** Which offsets of a text stand in a style sheet. */
function inStyles(text: string): (offset: number) => boolean {
  const sheets = Array.from(text.matchAll(/<(style|mj-style)\b[^>]*>[\s\S]*?<\/\1/gi), (match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }))
  return (offset) => sheets.some(({ from, to }) => offset > from && offset < to)
}

function leftovers(text: string, place: Place): Problem[] {
  const styled = inStyles(text)
  // A style sheet may well hold the ends of two blocks, or of a block behind a percentage.
  const left = Array.from(text.matchAll(/\{\{|\}\}|\{%|%\}/g)).filter(
    ({ 0: braces, index }) => !(styled(index) && braces.endsWith('}')),
  )
  return left.map((match) =>
    errorAt(
      { file: place.file, line: lineAt(text, match.index, place.line) },
      `"${match[0]}" without its other half`,
      'readers would see it',
      'write {{ field }} or {% if field %}, with straight quotes inside that are closed again',
    ),
  )
}
