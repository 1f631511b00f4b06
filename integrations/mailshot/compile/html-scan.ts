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
 * Runs through HTML or MJML as browsers do, attribute by attribute. What stands in Outlook's conditional comments is
 * markup like the rest. Markup that never ends is text here; `brokenMarkupAt` finds it.
 */
export function scanHtml(html: string): readonly HtmlEvent[] {
  const known = latest.find((one) => one.html === html)
  if (known) return known.events
  const events = scan(html)
  latest.unshift({ html, events })
  latest.length = Math.min(latest.length, 4)
  return events
}

/** The finished HTML of a campaign is run through by one step after the other: a tenth of what compiling takes. */
const latest: { html: string; events: readonly HtmlEvent[] }[] = []

function scan(html: string): HtmlEvent[] {
  const events: HtmlEvent[] = []
  let at = 0
  const finder = new RegExp(piece)
  for (let match = finder.exec(html); match; match = finder.exec(html)) {
    const start = match.index
    const { comment, closing, opening } = match.groups ?? {}
    const tag = closing ?? opening
    const end = start + match[0].length
    const inside =
      tag === undefined ? { attributes: [], selfClosing: false, end } : readTag(html, end)
    if (!inside) continue
    if (start > at) events.push({ type: 'text', start: at, text: html.slice(at, start) })
    at = inside.end
    const name = (tag ?? '').toLowerCase()
    if (comment !== undefined) events.push({ type: 'comment', start, text: comment })
    else if (closing !== undefined) events.push({ type: 'close', start, name })
    else if (opening !== undefined) {
      const { attributes, selfClosing } = inside
      events.push({ type: 'open', start, name, attributes, selfClosing })
      if (rawElements.has(name) && !selfClosing) at = pushRaw(html, at, name, events)
    }
    finder.lastIndex = at
  }
  if (at < html.length) events.push({ type: 'text', start: at, text: html.slice(at) })
  return events
}

/** Where in a text of a scan markup begins that never ends; -1 in a text that is one. */
export function brokenMarkupAt(text: string): number {
  return text.search(/<[a-z/!?]/i)
}

/** Elements that have no end tag. */
export const voidElements = new Set(
  'area base br col embed hr img input link meta source track wbr'.split(' '),
)

const piece =
  /<!--\[if[^\]]*\]>(?:<!-->|-->)?|<!(?:--<!)?\[endif\](?:--)?>|<!--(?<comment>[\s\S]*?)-->|<!doctype[^>]*>|<\/(?<closing>[a-z][^\s/>]*)|<(?<opening>[a-z][^\s/>]*)/gi
const rawElements = new Set('style script mj-style iframe noembed noframes xmp'.split(' '))
const attribute =
  /(?:\s|\/(?!>))*(?:(?<end>\/?>)|(?<name>(?:=[^\s/>=]*|[^\s/>=]+)(?![^\s/>=]))(?:\s*=\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"'>][^\s>]*)|(?=>))|(?!\s*=)))/y

function pushRaw(html: string, from: number, name: string, events: HtmlEvent[]): number {
  const closing = new RegExp(`</${name}(?=[\\s/>])`, 'gi')
  closing.lastIndex = from
  const to = closing.exec(html)?.index ?? html.length
  events.push({ type: 'raw', start: from, name, text: html.slice(from, to) })
  return to
}

/** What stands in a tag behind its name; undefined where it never ends. */
function readTag(
  html: string,
  from: number,
): { attributes: HtmlAttribute[]; selfClosing: boolean; end: number } | undefined {
  const attributes: HtmlAttribute[] = []
  const reader = new RegExp(attribute)
  reader.lastIndex = from
  for (let match = reader.exec(html); match; match = reader.exec(html)) {
    const { end, name = '', double, single, bare } = match.groups ?? {}
    if (end !== undefined) {
      // A quote that never closes would take the end of Outlook's part into an attribute.
      if (html.slice(from, reader.lastIndex).includes('<![endif]')) return undefined
      return { attributes, selfClosing: end === '/>', end: reader.lastIndex }
    }
    const value = double ?? single ?? bare ?? ''
    const start =
      reader.lastIndex - value.length - (double === undefined && single === undefined ? 0 : 1)
    attributes.push({ name: name.toLowerCase(), value, quoted: bare === undefined, start })
  }
  return undefined
}
