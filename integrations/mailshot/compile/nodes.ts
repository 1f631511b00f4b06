import { errorAt, type Place, type Problem } from '../campaign/problem.ts'
import { type Escape, escapeHtml } from './escape.ts'
import { type HtmlAttribute, scanHtml, voidElements } from './html-scan.ts'
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
  const placed = new Map<number, PlacedToken>()
  const problems: Problem[] = []
  const stack = [{ name: '', id: 0 }]
  let ids = 0
  const place = (
    start: number,
    text: string,
    escapeAt: (before: string) => Escape,
    parent: number,
  ) => {
    for (const { offset, index, token, before } of tokensIn(tokens, text)) {
      placed.set(start + offset, { token, index, escape: escapeAt(before), parent })
    }
  }
  for (const event of scanHtml(html)) {
    if (event.type === 'text') place(event.start, event.text, () => 'html', stack.at(-1)?.id ?? 0)
    else if (event.type === 'raw')
      problems.push(...refused(tokens, event.text, `inside <${event.name}>`))
    else if (event.type === 'close') close(stack, event.name)
    else if (event.type === 'open') {
      problems.push(
        ...refused(tokens, event.name, 'as an element; write [text]({{ field }}) for a link'),
      )
      for (const attribute of event.attributes) {
        problems.push(...refusedIn(tokens, attribute))
        const first = urlAttributes.has(attribute.name)
        place(
          attribute.start,
          attribute.value,
          (before) => attributeEscape(first, before),
          (ids += 1),
        )
      }
      if (!event.selfClosing && !voidElements.has(event.name))
        stack.push({ name: event.name, id: (ids += 1) })
    }
  }
  return { nodes: cut(tokens, html, placed), problems }
}

/** Cuts a plain text at its tokens; behind the beginning of an address a value is percent-encoded. */
export function plainNodes(tokens: Tokens, text: string, escape: 'plain' | 'header'): Node[] {
  const placed = new Map<number, PlacedToken>()
  for (const { offset, index, token, before } of tokensIn(tokens, text)) {
    const inUrl = /(?:https?:\/\/|mailto:)[^\s<>"]*$/.test(before)
    placed.set(offset, { token, index, escape: inUrl ? 'url-part' : escape, parent: 0 })
  }
  return cut(tokens, text, placed)
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

const urlAttributes = new Set(['href', 'src', 'background', 'cite', 'poster', 'action'])
const textAttributes = new Set([
  'alt',
  'title',
  'aria-label',
  'aria-roledescription',
  'lang',
  'dir',
  'name',
  'content',
  'summary',
  'abbr',
])

function attributeEscape(isUrl: boolean, before: string): Escape {
  if (!isUrl) return 'html'
  return before === '' ? 'url' : 'url-part'
}

function close(stack: { name: string; id: number }[], name: string): void {
  const at = stack.findLastIndex((element) => element.name === name)
  if (at > 0) stack.length = at
}

function tokensIn(tokens: Tokens, text: string) {
  if (!text.includes(tokens.prefix)) return []
  let offset = 0
  let before = ''
  const found: { offset: number; index: number; token: Token; before: string }[] = []
  for (const piece of splitAtTokens(tokens, text)) {
    if (typeof piece === 'string') before += piece
    else {
      found.push({ ...piece, offset, before })
      // A block tag writes nothing, so what follows it may still be the beginning.
      if (piece.token.kind !== 'tag') before += 'x'
    }
    offset += typeof piece === 'string' ? piece.length : `${tokens.prefix}${piece.index}x`.length
  }
  return found
}

function cut(tokens: Tokens, text: string, placed: Map<number, PlacedToken>): Node[] {
  let offset = 0
  return splitAtTokens(tokens, text).map((piece) => {
    const at = offset
    offset += typeof piece === 'string' ? piece.length : `${tokens.prefix}${piece.index}x`.length
    if (typeof piece === 'string') return piece
    return placed.get(at) ?? { ...piece, escape: 'html', parent: -1 }
  })
}

function refusedIn(tokens: Tokens, { name, value, quoted }: HtmlAttribute): Problem[] {
  if (!urlAttributes.has(name) && !textAttributes.has(name))
    return refused(tokens, value, `in the attribute ${name}`)
  return quoted ? [] : refused(tokens, value, `in the attribute ${name} without quotes`)
}

function refused(tokens: Tokens, text: string, where: string): Problem[] {
  return tokensIn(tokens, text).map(({ token }) => refusedAt(token.place, where))
}

function refusedAt(place: Place, where: string): Problem {
  const why = 'no value can be made safe there'
  return errorAt(
    place,
    `a placeholder stands ${where}`,
    why,
    'put it in the text, or in an href, src, alt or title in quotes',
  )
}
