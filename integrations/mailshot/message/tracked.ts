import { escapeHtml } from '../compile/escape.ts'
import { replaceLinks } from '../compile/links.ts'
import { compact, type Template, type TemplatePart } from '../compile/template.ts'

/** The addresses that count the opens and clicks of a mail. */
export interface Tracking {
  /** Whether they are the same for all readers of the send, so that they tell of nobody; else they are one reader's. */
  isShared: boolean
  /** Where the pixel is; undefined where opens are not counted. */
  open: string | undefined
  /** The addresses that stand for the campaign's links, by these; empty where clicks are not counted. */
  clicks: ReadonlyMap<string, string>
}

/** The HTML of a campaign with addresses that all readers share: they are literals, so that a mail costs nothing more. */
export function sharedTemplate(html: Template, { open, clicks }: Tracking): Template {
  const linked = clicks.size === 0 ? html : replaceLinks(html, (url) => escaped(clicks.get(url)))
  return compact(open === undefined ? linked : withPixel(linked, escapeHtml(open)))
}

/** The same with places for one reader's own addresses, which {@link trackingScope} has the values of. */
export function namedTemplate(html: Template, { open, clicks }: Tracking): Template {
  const fields = new Map([...clicks.keys()].map((url, index) => [url, clickField(index)]))
  const linked = clicks.size === 0 ? html : replaceLinks(html, (url) => output(fields.get(url)))
  const address = { output: openField, escape: 'url' } as const
  return compact(open === undefined ? linked : withPixel(linked, address))
}

/** One reader's own addresses, by the fields of {@link namedTemplate}. */
export function trackingScope({ open, clicks }: Tracking): Record<string, string> {
  const links = [...clicks.values()].map((url, index) => [clickField(index), url])
  return { [openField]: open ?? '', ...Object.fromEntries(links) }
}

// Fields of sites are in lower case.
const openField = 'trackOpen'
const clickField = (index: number) => `trackClick${index}`

function escaped(url: string | undefined): string | undefined {
  return url === undefined ? undefined : escapeHtml(url)
}

function output(field: string | undefined): TemplatePart | undefined {
  return field === undefined ? undefined : { output: field, escape: 'url' }
}

/** At the end of the body: who cuts a long mail short does not show it. */
function withPixel(template: Template, address: TemplatePart): Template {
  const [before, after] = pixel
  const at = template.findLastIndex((part) => typeof part === 'string' && endOfBody.test(part))
  const last = template[at]
  if (typeof last !== 'string') return [...template, before, address, after]
  const end = last.search(endOfBody)
  const around = [last.slice(0, end) + before, address, after + last.slice(end)]
  return [...template.slice(0, at), ...around, ...template.slice(at + 1)]
}

const endOfBody = /<\/body\s*>(?![\s\S]*<\/body)/i
const pixel = [
  '<img src="',
  '" width="1" height="1" alt="" border="0" style="display:block;width:1px;height:1px;border:0">',
] as const
