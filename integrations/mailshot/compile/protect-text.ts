import { errorAt, type Place } from '../campaign/problem.ts'
import { didYouMean } from '../closest.ts'
import { escapeHtml } from './escape.ts'
import { codeIn } from './markdown.ts'
import { unknownStatic } from './statics.ts'
import { addFragment, protect, type ProtectOptions } from './tokens.ts'
import type { VariantContext } from './variant.ts'

/** Swaps placeholders for tokens in a text that is no markup: statics too, so nothing reads them as such. */
export function protectText(context: VariantContext, source: string, place: Place): string {
  return protectWith(context, source, { place, resolve: asFragment(context) })
}

/** The same in Markdown, whose code may show a comment. */
export function protectMarkdown(context: VariantContext, source: string, place: Place): string {
  const ranges = codeIn(source)
  const isCode = (offset: number) => ranges.some(({ from, to }) => offset >= from && offset < to)
  return protectWith(context, source, { place, resolve: asFragment(context), isCode })
}

/** Swaps placeholders for tokens in MJML; statics are written out, since MJML itself must understand some. */
export function protectMarkup(
  context: VariantContext,
  source: string,
  place: Place,
  own: ReadonlyMap<string, string>,
): string {
  const resolve: Resolve = (expression, at, isStyle) =>
    own.get(expression) ?? staticText(context, expression, at, isStyle ? escapeCss : escapeHtml)
  return protectWith(context, source, { place, resolve })
}

type Resolve = ProtectOptions['resolve']

function asFragment(context: VariantContext): Resolve {
  return (expression, at) => {
    const text = staticText(context, expression, at, (value) => value)
    return text === undefined ? undefined : addFragment(context.tokens, text, at)
  }
}

function protectWith(
  context: VariantContext,
  source: string,
  options: Omit<ProtectOptions, 'tokens'>,
): string {
  const { text, problems } = protect(source, { ...options, tokens: context.tokens })
  context.problems.push(...problems)
  return text
}

/** In a style sheet entities mean nothing, and only `<` could end it. */
function escapeCss(text: string): string {
  return text.replaceAll('<', '\\3c ')
}

/** A static's text. Merge fields may stand in our own words; the site's texts and parameters are just texts. */
function staticText(
  context: VariantContext,
  expression: string,
  place: Place,
  write: (text: string) => string,
): string | undefined {
  const { statics } = context
  const value = Object.hasOwn(statics, expression) ? statics[expression] : undefined
  if (value === undefined)
    return unknownStatic(expression) ? reportUnknown(context, expression, place) : undefined
  if (!expression.startsWith('words.')) return write(value)
  return protectWith(context, write(value), { place, resolve: () => undefined })
}

function reportUnknown(context: VariantContext, expression: string, place: Place): string {
  const known = Object.keys(context.statics)
  const why = 'nothing of that name is known when the campaign is compiled'
  context.problems.push(
    errorAt(place, `unknown {{ ${expression} }}`, why, didYouMean(expression, known)),
  )
  return ''
}
