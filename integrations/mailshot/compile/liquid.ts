import { Liquid } from 'liquidjs'
import { asText, type Escape, escapes, escapeValue, isBlank } from './escape.ts'
import { BoundedLoop } from './bounded-loop.ts'
import { formatDate } from './date-filter.ts'

/** The tags that a campaign may use, their other halves included. `comment` is gone before Liquid sees the text. */
export const allowedTags = new Set(
  'if elsif else endif unless endunless case when endcase for endfor assign'.split(' '),
)

/** The filters that a campaign may use. Escaping is not among them: it follows from the place. */
export const allowedFilters = (
  'default date upcase downcase capitalize strip lstrip rstrip append prepend replace remove truncate ' +
  'truncatewords split slice join size first last sort uniq reverse plus minus times divided_by modulo ' +
  'round ceil floor abs at_least at_most'
).split(' ')

/** The delimiters of a prepared template: characters that Unicode reserves for no text. */
export const delimiters = {
  outputDelimiterLeft: '\uFDD0{',
  outputDelimiterRight: '}\uFDD1',
  tagDelimiterLeft: '\uFDD0%',
  tagDelimiterRight: '%\uFDD1',
}

/** The filters that compiling adds to each output, for its place. */
export const escapeFilters: Record<Escape, string> = {
  html: 'mailshot_html',
  url: 'mailshot_url',
  'url-part': 'mailshot_url_part',
  plain: 'mailshot_plain',
  header: 'mailshot_header',
}

/**
 * A Liquid that knows the allowed tags and filters only, reads no files, and stops a template that runs away. An empty
 * text counts as false in a condition, since a field without a value is an empty text. Dates are written in `lang`.
 */
export function createLiquid(lang: string): Liquid {
  const liquid = new Liquid({
    ...delimiters,
    jsTruthy: true,
    ownPropertyOnly: true,
    strictFilters: true,
    relativeReference: false,
    templates: {},
    parseLimit: 2_000_000,
    // A merge takes a millisecond; this one blocks the site and its sender meanwhile.
    renderLimit: 1000,
    memoryLimit: 20_000_000,
  })
  for (const tag of Object.keys(liquid.tags)) if (!allowedTags.has(tag)) delete liquid.tags[tag]
  for (const filter of Object.keys(liquid.filters)) {
    if (!allowedFilters.includes(filter)) delete liquid.filters[filter]
  }
  liquid.registerTag('for', BoundedLoop)
  liquid.registerFilter('default', (value, fallback) => (isBlank(value) ? fallback : value))
  for (const name of ['divided_by', 'modulo']) shieldFromZero(liquid, name)
  for (const [name, size] of Object.entries(growing)) keepShort(liquid, name, size)
  liquid.registerFilter('split', splitText)
  liquid.registerFilter('date', (value, format) => formatDate(value, format, lang))
  for (const escape of escapes) {
    liquid.registerFilter(escapeFilters[escape], (value) => escapeValue(value, escape))
  }
  return liquid
}

/** A reader whose field holds a zero gets no number, rather than no mail. */
function shieldFromZero(liquid: Liquid, name: string): void {
  const filter = liquid.filters[name]
  const divide = typeof filter === 'function' ? filter : filter?.handler
  liquid.registerFilter(name, function (value, divisor, ...rest) {
    return Number(divisor) === 0 ? '' : divide?.call(this, value, divisor, ...rest)
  })
}

const longestText = 50_000
const mostParts = 1000
/** How long a text these filters would make. */
const growing: Record<string, (value: unknown, first: unknown, second: unknown) => number> = {
  append: (value, text) => asText(value).length + asText(text).length,
  prepend: (value, text) => asText(value).length + asText(text).length,
  join: (value, separator) =>
    asText(value).length + (Array.isArray(value) ? value.length : 0) * asText(separator).length,
  replace: (value, pattern, text) =>
    asText(value).length + asText(value).split(asText(pattern)).length * asText(text).length,
}

/** A reader whose fields are long beyond reason gets an odd text, rather than no mail. */
function keepShort(liquid: Liquid, name: string, size: (typeof growing)[string]): void {
  const filter = liquid.filters[name]
  const original = typeof filter === 'function' ? filter : filter?.handler
  liquid.registerFilter(name, function (value, ...given) {
    return size(value, given[0], given[1]) > longestText
      ? value
      : original?.call(this, value, ...given)
  })
}

/** In characters as people see them, where there is no separator; like Liquid's own it has no empty parts at its end. */
function splitText(value: unknown, separator: unknown): string[] {
  const [text, between] = [asText(value), asText(separator)]
  const all =
    between === ''
      ? Array.from(characters.segment(text), (one) => one.segment)
      : text.split(between)
  const parts = all.slice(0, mostParts)
  if (all.length > mostParts) parts.push(all.slice(mostParts).join(between))
  return parts.slice(0, parts.findLastIndex((part) => part !== '') + 1)
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })
