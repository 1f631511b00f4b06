import type { CompiledVariant } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { decodeEntities } from './entity.ts'
import { scanHtml } from './html-scan.ts'
import type { Template, TemplatePart } from './template.ts'

/** A link in finished HTML. */
export interface LinkPlace {
  /** Of the address as it is written, in characters. */
  start: number
  end: number
  /** Where it leads, as a browser reads it. */
  url: string
}

/** The links of HTML to the web, in their order. */
export function webLinks(html: string): LinkPlace[] {
  return scanHtml(html).flatMap((event) => {
    if (event.type !== 'open' || !linkElements.has(event.name)) return []
    const href = event.attributes.find(({ name, quoted }) => name === 'href' && quoted)
    const url = href && addressOf(href.value)
    if (!href || url === undefined) return []
    return [{ start: href.start, end: href.start + href.value.length, url }]
  })
}

/**
 * Where the links of a compiled campaign lead that are the same for all readers, each once. What a reader's value is part of would
 * have to be kept for each reader, and mailshot's own pages are nobody's to count.
 */
export function trackedLinks(
  config: Pick<MailshotConfig, 'site' | 'base'>,
  variants: Readonly<Record<string, CompiledVariant>>,
): string[] {
  const own = `${config.site}${config.base}/`
  const urls = Object.values(variants).flatMap(({ html }) =>
    webLinks(withMarks(html)).map(({ url }) => url),
  )
  return [...new Set(urls.filter((url) => !url.includes(mark) && !url.startsWith(own)))]
}

/** The same HTML with other parts in the place of links' addresses; `replace` answers undefined for those that stay. */
export function replaceLinks(
  template: Template,
  replace: (url: string) => TemplatePart | undefined,
): Template {
  const html = withMarks(template)
  const parts: TemplatePart[] = []
  let at = 0
  for (const { start, end, url } of webLinks(html)) {
    const part = replace(url)
    if (part === undefined) continue
    parts.push(...withoutMarks(template, html.slice(at, start)), part)
    at = end
  }
  return [...parts, ...withoutMarks(template, html.slice(at))]
}

const linkElements = new Set(['a', 'area'])
/** Stands before the number of a part that is no literal: no text of a template holds it. */
const mark = '\uFDD0'
const marked = /\uFDD0(\d+);/

function withMarks(template: Template): string {
  return template
    .map((part, index) => (typeof part === 'string' ? part : `${mark}${index};`))
    .join('')
}

function withoutMarks(template: Template, text: string): TemplatePart[] {
  return text.split(marked).flatMap((piece, position) => {
    const part = position % 2 === 1 ? template[Number(piece)] : piece
    return part === undefined || part === '' ? [] : [part]
  })
}

/** In an attribute only what ends with a semicolon is an entity for sure: `?a=1&copy=2` is an address. */
function addressOf(value: string): string | undefined {
  const url = value
    .trim()
    .replace(/&(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);/gi, (entity) => decodeEntities(entity))
  return isWebAddress.test(url) && URL.canParse(url) ? url : undefined
}

// oxlint-disable-next-line no-control-regex -- a control character would end a header line
const isWebAddress = /^https?:\/\/[^/?#\\\u0000-\u0020][^\u0000-\u0020\u007f]*$/i
