/** What a scan of HTML or MJML comes across, in order. Offsets are those of the text. */
export type HtmlEvent =
  | { type: 'text'; start: number; text: string }
  | { type: 'open'; start: number; name: string; attributes: HtmlAttribute[]; selfClosing: boolean }
  | { type: 'close'; start: number; name: string }
  /** The content of an element that holds no markup. */
  | { type: 'raw'; start: number; name: string; text: string }
  | { type: 'comment'; start: number; text: string }

export interface HtmlAttribute {
  name: string
  value: string
  quoted: boolean
  /** Of the value. */
  start: number
}

/**
 * Runs through HTML or MJML as mail clients would. What stands in Outlook's conditional comments is markup like the
 * rest.
 */
export function scanHtml(html: string): HtmlEvent[] {
  const events: HtmlEvent[] = []
  let at = 0
  const finder = new RegExp(piece)
  for (let match = finder.exec(html); match; match = finder.exec(html)) {
    const start = match.index
    if (start > at) events.push({ type: 'text', start: at, text: html.slice(at, start) })
    at = start + match[0].length
    const { comment, closing, opening, attributes = '', self } = match.groups ?? {}
    if (comment !== undefined) events.push({ type: 'comment', start, text: comment })
    else if (closing !== undefined)
      events.push({ type: 'close', start, name: closing.toLowerCase() })
    else if (opening !== undefined) {
      const name = opening.toLowerCase()
      const from = start + 1 + opening.length
      events.push({
        type: 'open',
        start,
        name,
        attributes: readAttributes(attributes, from),
        selfClosing: self === '/',
      })
      if (rawElements.has(name) && self !== '/') at = pushRaw(html, at, name, events)
      finder.lastIndex = at
    }
  }
  if (at < html.length) events.push({ type: 'text', start: at, text: html.slice(at) })
  return events
}

/** Elements that have no end tag. */
export const voidElements = new Set(
  'area base br col embed hr img input link meta source track wbr'.split(' '),
)

const piece =
  /<!--\[if[^\]]*\]>(?:<!-->|-->)?|<!(?:--<!)?\[endif\](?:--)?>|<!--(?<comment>[\s\S]*?)-->|<!doctype[^>]*>|<\/(?<closing>[a-zA-Z][^\s/>]*)[^>]*>|<(?<opening>[a-zA-Z][^\s/>]*)(?<attributes>(?:"[^"]*"|'[^']*'|[^"'>])*?)(?<self>\/?)>/gi
const rawElements = new Set(['style', 'script', 'mj-style'])
const attribute = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g

function pushRaw(html: string, from: number, name: string, events: HtmlEvent[]): number {
  const closing = new RegExp(`</${name}`, 'gi')
  closing.lastIndex = from
  const to = closing.exec(html)?.index ?? html.length
  events.push({ type: 'raw', start: from, name, text: html.slice(from, to) })
  return to
}

function readAttributes(text: string, offset: number): HtmlAttribute[] {
  return Array.from(text.matchAll(attribute), (match) => {
    const [whole, name = '', double, single, bare] = match
    const value = double ?? single ?? bare ?? ''
    const quoted = bare === undefined
    const end = match.index + whole.length - (double === undefined && single === undefined ? 0 : 1)
    return { name: name.toLowerCase(), value, quoted, start: offset + end - value.length }
  })
}
