import { asText, escapeValue, isBlank } from '../compile/escape.ts'
import { createLiquid, delimiters, escapeFilters } from '../compile/liquid.ts'
import type { Template, TemplatePart } from '../compile/template.ts'

/** The values of one mail, by field. */
export type Scope = Record<string, unknown>
/** Fills a template with one reader's values. */
export type Merge = (scope: Scope) => string

/**
 * Prepares a template once for any number of readers. Plain outputs are merged by joining segments; with block tags it
 * becomes one Liquid template, parsed here.
 */
export function prepareMerge(template: Template, lang: string): Merge {
  if (template.some((part) => typeof part === 'object' && 'tag' in part)) {
    return liquidMerge(template.map(toLiquid).join(''), lang)
  }
  const literals: string[] = []
  const slots: number[] = []
  const outputs: Merge[] = []
  const known = new Map<string, number>()
  for (const part of template) {
    if (typeof part === 'string' || 'tag' in part) continue
    const key = toLiquid(part)
    if (known.has(key)) continue
    known.set(key, outputs.push(prepareOutput(part, lang)) - 1)
  }
  for (const part of template) {
    if (typeof part === 'string') literals.push(part)
    else {
      if (literals.length === slots.length) literals.push('')
      slots.push(known.get(toLiquid(part)) ?? 0)
    }
  }
  return (scope) =>
    join(
      literals,
      slots,
      outputs.map((output) => output(scope)),
    )
}

function join(literals: string[], slots: number[], values: string[]): string {
  let text = ''
  for (let index = 0; index < slots.length; index += 1) {
    text += (literals[index] ?? '') + (values[slots[index] ?? 0] ?? '')
  }
  return text + (literals[slots.length] ?? '')
}

type Output = Extract<TemplatePart, { output: string }>

/** The two forms that nearly all outputs have need no Liquid. */
function prepareOutput({ output, escape }: Output, lang: string): Merge {
  const simple = /^([a-z_]\w*)(?:\s*\|\s*default:\s*(?:"([^"]*)"|'([^']*)'))?$/i.exec(output)
  if (!simple) return liquidMerge(toLiquid({ output, escape }), lang)
  const [, field = '', double, single] = simple
  const fallback = double ?? single
  return (scope) => {
    const value = Object.hasOwn(scope, field) ? scope[field] : ''
    return escapeValue(fallback !== undefined && isBlank(value) ? fallback : value, escape)
  }
}

function liquidMerge(source: string, lang: string): Merge {
  const liquid = createLiquid(lang)
  const parsed = liquid.parse(source)
  return (scope) => asText(liquid.renderSync(parsed, scope))
}

function toLiquid(part: TemplatePart): string {
  if (typeof part === 'string') return part
  const { tagDelimiterLeft, tagDelimiterRight, outputDelimiterLeft, outputDelimiterRight } =
    delimiters
  if ('tag' in part) return `${tagDelimiterLeft} ${part.tag} ${tagDelimiterRight}`
  return `${outputDelimiterLeft} ${part.output} | ${escapeFilters[part.escape]} ${outputDelimiterRight}`
}
