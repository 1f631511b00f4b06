import { errorAt, type Problem } from '../campaign/problem.ts'
import { type Escape, escapeHtml } from './escape.ts'
import { statesBefore } from './states-before.ts'
import { amidMarkup, htmlSpots, type Refusal } from './spots.ts'
import { compact, type Template } from './template.ts'
import { splitAtTokens, type Token, type Tokens } from './tokens.ts'

/** A finished text cut at its tokens: literals, and placeholders that know where they stand. */
export type Node = string | PlacedToken
export interface PlacedToken {
  token: Token
  index: number
  escape: Escape
  /** Numbers the element, or the attribute, that it stands in: both halves of a block must share it. */
  parent: number
}

/** Cuts finished HTML at its tokens. One that stands where no value can be made safe is a problem. */
export function htmlNodes(tokens: Tokens, html: string): { nodes: Node[]; problems: Problem[] } {
  const spots = htmlSpots(tokens, html)
  const problems: Problem[] = []
  const nodes = cut(tokens, html, (offset, token) => {
    const spot = spots.get(offset) ?? amidMarkup
    if (!('refused' in spot)) return spot
    problems.push(refusal(token, spot))
    return { escape: 'html', parent: -1 }
  })
  return { nodes, problems }
}

/** Cuts a plain text at its tokens; behind the beginning of an address a value is percent-encoded. */
export function plainNodes(tokens: Tokens, text: string, escape: 'plain' | 'header'): Node[] {
  const pieces = splitAtTokens(tokens, text).map((piece) =>
    typeof piece === 'string' ? piece : piece.token,
  )
  const states = statesBefore(pieces, { first: '', again: [], next: wordBehind })
  const words = states.filter((_state, index) => typeof pieces[index] === 'object')
  return cut(tokens, text, () => {
    const isInAddress = Array.from(words.shift() ?? []).every((word) => word === inAddress)
    return { escape: isInAddress ? 'url-part' : escape, parent: 0 }
  })
}

/** The template that nodes make: fragments written out, white space taken where a `-` asks for it. */
export function toTemplate(tokens: Tokens, nodes: readonly Node[]): Template {
  return compact(trimmed(flatten(tokens, nodes)).map(toPart))
}

/** Fragments replaced by what they hold, escaped for the place of the fragment. */
export function flatten(tokens: Tokens, nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node): Node[] => {
    if (typeof node === 'string' || node.token.kind !== 'fragment') return [node]
    const inner = splitAtTokens(tokens, node.token.source).map((piece): Node =>
      typeof piece === 'string' ? escapeLiteral(piece, node.escape) : { ...node, ...piece },
    )
    return flatten(tokens, inner)
  })
}

function toPart(node: Node): Template[number] {
  if (typeof node === 'string') return node
  const { kind, source } = node.token
  return kind === 'tag' ? { tag: source } : { output: source, escape: node.escape }
}

function trimmed(nodes: readonly Node[]): Node[] {
  return nodes.map((node, index) => {
    if (typeof node !== 'string') return node
    const [before, after] = [nodes[index - 1], nodes[index + 1]]
    const start = typeof before === 'object' && before.token.trims.after ? node.trimStart() : node
    return typeof after === 'object' && after.token.trims.before ? start.trimEnd() : start
  })
}

function escapeLiteral(text: string, escape: Escape): string {
  switch (escape) {
    case 'html':
    case 'url':
      return escapeHtml(text)
    case 'url-part':
      return escapeHtml(encodeURIComponent(text))
    case 'plain':
    case 'header':
      return text
  }
}

const inAddress = 'https://'

/** The end of a word, or the beginning of any address. */
function wordBehind(word: string, piece: string | Token): string {
  const [end = ''] = /[^\s<>")]*$/.exec(word + shown(piece)) ?? []
  return /https?:\/\/|mailto:/.test(end) ? inAddress : end.slice(-inAddress.length)
}

function shown(piece: string | Token): string {
  if (typeof piece === 'string') return piece
  return piece.kind === 'fragment' ? piece.source : 'x'
}

type Place = Pick<PlacedToken, 'escape' | 'parent'>

function cut(
  tokens: Tokens,
  text: string,
  placeAt: (offset: number, token: Token) => Place,
): Node[] {
  let offset = 0
  return splitAtTokens(tokens, text).map((piece) => {
    const at = offset
    const { length } = typeof piece === 'string' ? piece : `${tokens.prefix}${piece.index}x`
    offset += length
    return typeof piece === 'string' ? piece : { ...piece, ...placeAt(at, piece.token) }
  })
}

function refusal({ place, kind, source }: Token, { refused, cure }: Refusal): Problem {
  const subject = kind === 'tag' ? `{% ${source} %}` : 'a placeholder'
  return errorAt(place, `${subject} stands ${refused}`, 'no value can be made safe there', cure)
}
