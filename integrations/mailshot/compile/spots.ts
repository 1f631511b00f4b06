import { type AddressPlace, addressPlaces } from './address-places.ts'
import type { Escape } from './escape.ts'
import { type HtmlAttribute, scanHtml, voidElements } from './html-scan.ts'
import { splitAtTokens, type Token, type Tokens, tokensIn } from './tokens.ts'

/** Where a token stands: a place with an escape of its own, or one where no value can be made safe. */
export type Spot = { escape: Escape; parent: number } | Refusal
/** Where it stands, and how to mend it. */
export interface Refusal {
  refused: string
  cure: string
}

/**
 * The spots of the tokens of finished HTML, by their offset. `parent` numbers the element, or the attribute, that one
 * stands in. A token that has no spot stands in the midst of markup.
 */
export function htmlSpots(tokens: Tokens, html: string): Map<number, Spot> {
  const spots = new Map<number, Spot>()
  const stack = [{ name: '', id: 0 }]
  let ids = 0
  const put = (start: number, text: string, spot: Spot) => {
    for (const { offset } of tokensIn(tokens, text)) spots.set(start + offset, spot)
  }
  for (const event of scanHtml(html)) {
    if (event.type === 'text')
      put(event.start, event.text, { escape: 'html', parent: stack.at(-1)?.id ?? 0 })
    else if (event.type === 'raw')
      put(event.start, event.text, { refused: `inside <${event.name}>`, cure })
    else if (event.type === 'close') {
      put(event.start + 2, event.name, { refused: asElement, cure })
      close(stack, event.name)
    } else if (event.type === 'open') {
      put(event.start + 1, event.name, { refused: asElement, cure })
      for (const attribute of event.attributes) {
        const found = attributeSpots(tokens, attribute, (ids += 1))
        for (const [offset, spot] of found) spots.set(attribute.start + offset, spot)
      }
      if (!event.selfClosing && !voidElements.has(event.name))
        stack.push({ name: event.name, id: (ids += 1) })
    }
  }
  return spots
}

/** For a token that has no spot. */
export const amidMarkup: Refusal = {
  refused: 'amid the parts of a tag',
  cure: 'put it in the text or in quotes, and a condition around the whole element',
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
  'summary',
  'abbr',
])
const cure = 'put it in the text, or in an href, src, alt or title in quotes'
const asElement = 'as an element; write [text]({{ field }}) for a link'
const refusedPlaces: Record<'host' | 'mixed', Refusal> = {
  host: {
    refused: 'where it would choose the site that a link leads to',
    cure: 'write https://, the site and a / before it, or let it be the whole address',
  },
  mixed: {
    refused: 'at the beginning of an address for some readers, and within it for others',
    cure: 'write the whole address in each branch, with an {% else %}, or put the condition around the link',
  },
}

function attributeSpots(
  tokens: Tokens,
  { name, value, quoted }: HtmlAttribute,
  parent: number,
): [number, Spot][] {
  const found = tokensIn(tokens, value)
  const isUrl = urlAttributes.has(name)
  if (!isUrl && !textAttributes.has(name))
    return found.map(({ offset }) => [offset, { refused: `in the attribute ${name}`, cure }])
  if (!quoted)
    return found.map(({ offset }) => [
      offset,
      { refused: `in the attribute ${name} without quotes`, cure },
    ])
  if (!isUrl) return found.map(({ offset }) => [offset, { escape: 'html', parent }])
  const places = addressPlaces(addressPieces(tokens, value))
  return found.map(({ offset, token }, index) => [
    offset,
    addressSpot(token, places[index] ?? 'mixed', parent),
  ])
}

function addressPieces(tokens: Tokens, value: string) {
  return splitAtTokens(tokens, value).map((piece) => {
    if (typeof piece === 'string') return piece
    const { kind, source } = piece.token
    if (kind !== 'fragment') return { kind, source }
    return { kind: isText(tokens, piece.token) ? 'text' : 'output', source } as const
  })
}

function addressSpot(token: Token, place: AddressPlace, parent: number): Spot {
  const isPart = place === 'rest' || token.kind === 'tag'
  if (isPart) return { escape: 'url-part', parent }
  if (place === 'start') return { escape: 'url', parent }
  return refusedPlaces[place]
}

function isText(tokens: Tokens, { source }: Token): boolean {
  return tokensIn(tokens, source).length === 0
}

function close(stack: { name: string; id: number }[], name: string): void {
  const at = stack.findLastIndex((element) => element.name === name)
  if (at > 0) stack.length = at
}
