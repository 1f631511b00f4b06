import { errorAt, type Place } from '../campaign/problem.ts'
import { didYouMean } from '../closest.ts'
import { escapeHtml } from './escape.ts'
import { unknownStatic } from './statics.ts'
import { addFragment, protect } from './tokens.ts'
import type { VariantContext } from './variant.ts'

/** Swaps placeholders for tokens in a text that is no markup, or in Markdown: statics too, so nothing reads them as such. */
export function protectText(context: VariantContext, source: string, place: Place): string {
  return protectWith(context, source, place, (text, at) =>
    addFragment(context.tokens, protectWith(context, text, at, addNothing), at),
  )
}

/** Swaps placeholders for tokens in MJML; statics are written out, since MJML itself must understand some. */
export function protectMarkup(
  context: VariantContext,
  source: string,
  place: Place,
  own: Record<string, string>,
): string {
  const resolved = { ...context, statics: context.statics }
  return protectWith(
    resolved,
    source,
    place,
    (text, at) => protectWith(context, escapeHtml(text), at, addNothing),
    own,
  )
}

type WriteStatic = (text: string, place: Place) => string | undefined

const addNothing: WriteStatic = () => undefined

function protectWith(
  context: VariantContext,
  source: string,
  place: Place,
  write: WriteStatic,
  own: Record<string, string> = {},
): string {
  const { text, problems } = protect(source, {
    tokens: context.tokens,
    place,
    resolve: (expression, at) => {
      const value = context.statics[expression]
      if (value === undefined && unknownStatic(expression))
        return reportUnknown(context, expression, at)
      return own[expression] ?? (value === undefined ? undefined : write(value, at))
    },
  })
  context.problems.push(...problems)
  return text
}

function reportUnknown(context: VariantContext, expression: string, place: Place): string {
  const known = Object.keys(context.statics)
  const why = 'nothing of that name is known when the campaign is compiled'
  context.problems.push(
    errorAt(place, `unknown {{ ${expression} }}`, why, didYouMean(expression, known)),
  )
  return ''
}
