import { asText, escapeValue, isBlank } from '../compile/escape.ts'
import { createLiquid, delimiters, escapeFilters } from '../compile/liquid.ts'
import type { Template, TemplatePart } from '../compile/template.ts'
import type { Body } from './octets.ts'
import { encodePiece } from './quoted-printable.ts'

/** The values of one mail, by field. */
export type Scope = Record<string, unknown>
/** Fills a template with one reader's values. */
export type Merge = (scope: Scope) => string

/** A template with one reader's values in it. */
export interface Filled {
  /** What stands one behind the other: `n` is literal number n, `~n` is value number n. */
  readonly order: readonly number[]
  /** Escaped for their places. One that stands in several places is here once. */
  readonly values: readonly string[]
}

/** A template prepared once for any number of readers. */
export interface PreparedTemplate {
  /** Evaluates it for one reader: conditions, loops and values. All that can fail, fails here. */
  fill(scope: Scope): Filled
  /** The text that results. */
  join(filled: Filled): string
  /** What is joined; a literal is the same string for all readers. */
  pieces(filled: Filled): string[]
  /** The same, ready to be written; the literals are encoded once for all readers. */
  body(filled: Filled): Body
}

/** Prepares a template for its text alone. */
export function prepareMerge(template: Template, lang: string): Merge {
  const prepared = prepareTemplate(template, lang)
  return (scope) => prepared.join(prepared.fill(scope))
}

/**
 * Prepares a template. Only block tags, and outputs with filters, need Liquid; and Liquid sees no literal, only its number, so
 * that its work does not grow with the size of the mail.
 */
export function prepareTemplate(template: Template, lang: string): PreparedTemplate {
  const literals = template.filter((part) => typeof part === 'string')
  let literalOctets: Buffer[] | undefined
  return {
    fill: isFlat(template) ? fillOutputs(template, lang) : fillByLiquid(template, literals, lang),
    join: ({ order, values }) => {
      let text = ''
      for (const place of order) text += place < 0 ? values[~place] : literals[place]
      return text
    },
    pieces: ({ order, values }) =>
      order.map((place) => (place < 0 ? values[~place] : literals[place]) ?? ''),
    body: (filled) => {
      literalOctets ??= literals.map(encodePiece)
      return { ...filled, literals: literalOctets }
    },
  }
}

type Output = Extract<TemplatePart, { output: string }>
type FlatTemplate = readonly (string | Output)[]

function isFlat(template: readonly TemplatePart[]): template is FlatTemplate {
  return template.every((part) => typeof part === 'string' || 'output' in part)
}

/** Without block tags, every literal stands where it stands, and equal outputs are evaluated once. */
function fillOutputs(template: FlatTemplate, lang: string): PreparedTemplate['fill'] {
  const outputs: Merge[] = []
  const known = new Map<string, number>()
  const literal = counter()
  const order = template.map((part) => {
    if (typeof part === 'string') return literal()
    const key = toLiquid(part)
    const output = known.get(key) ?? outputs.push(prepareOutput(part, lang)) - 1
    known.set(key, output)
    return ~output
  })
  return (scope) => ({ order, values: outputs.map((output) => output(scope)) })
}

function prepareOutput(output: Output, lang: string): Merge {
  const simple = readSimple(output)
  return simple ? simple.merge : liquidMerge(toLiquid(output), lang)
}

/** The two forms that nearly all outputs have need no Liquid. */
function readSimple({ output, escape }: Output): { field: string; merge: Merge } | undefined {
  const simple = /^([a-z_]\w*)(?:\s*\|\s*default:\s*(?:"([^"]*)"|'([^']*)'))?$/i.exec(output)
  if (!simple) return undefined
  const [, field = '', double, single] = simple
  const fallback = double ?? single
  const merge: Merge = (scope) => {
    const value = Object.hasOwn(scope, field) ? scope[field] : ''
    return escapeValue(fallback !== undefined && isBlank(value) ? fallback : value, escape)
  }
  return { field, merge }
}

/**
 * What comes out of Liquid: the numbers of literals, then of simple outputs, which are evaluated beside it, and the values of
 * the others; each behind its mark, which no value can hold.
 */
const [numberMark, valueMark] = ['\u0001', '\u0002']

function fillByLiquid(
  template: Template,
  literals: readonly string[],
  lang: string,
): PreparedTemplate['fill'] {
  const literal = counter()
  const outputs: Merge[] = []
  const own = ownNames(template)
  const source = template.map((part) => {
    if (typeof part === 'string') return numberMark + literal()
    if ('tag' in part) return toLiquid(part)
    const simple = readSimple(part)
    if (!simple || own.has(simple.field)) return valueMark + toLiquid(part)
    return numberMark + (literals.length + outputs.push(simple.merge) - 1)
  })
  const run = liquidMerge(source.join(''), lang)
  return (scope) => {
    const filled = read(run(scope), literals.length, (output) => outputs[output]?.(scope) ?? '')
    requireLength(filled, literals)
    return filled
  }
}

/** Names that mean something else in this template than a reader's field. */
function ownNames(template: Template): Set<string> {
  const tags = template.flatMap((part) =>
    typeof part === 'object' && 'tag' in part ? part.tag : [],
  )
  const made = tags.map((tag) => /^\s*(?:assign|for)\s+([\w-]+)/.exec(tag)?.[1] ?? '')
  return new Set([...made, 'forloop', 'true', 'false', 'nil', 'null', 'empty', 'blank'])
}

/** Reads what came out of Liquid: each output beside it is evaluated once, if at all. */
function read(trace: string, literals: number, evaluate: (output: number) => string): Filled {
  const values: string[] = []
  const known = new Map<number, number>()
  const add = (value: string) => ~(values.push(value) - 1)
  const order = trace.split(numberMark).flatMap((chunk) => {
    const [number = '', ...others] = chunk.split(valueMark)
    const behind = others.map(add)
    if (number === '') return behind
    const output = Number(number) - literals
    if (output < 0) return [Number(number), ...behind]
    const place = known.get(output) ?? add(evaluate(output))
    known.set(output, place)
    return [place, ...behind]
  })
  return { order, values }
}

/** In characters: far more than a mail can have. */
const longestFilled = 20_000_000

/** A loop may repeat literals so often that no text could hold them all. */
function requireLength({ order, values }: Filled, literals: readonly string[]): void {
  let length = 0
  for (const place of order) length += (place < 0 ? values[~place] : literals[place])?.length ?? 0
  if (length > longestFilled) throw new Error(`it becomes ${length} characters long`)
}

function liquidMerge(source: string, lang: string): Merge {
  const liquid = createLiquid(lang)
  const parsed = liquid.parse(source)
  return (scope) => asText(liquid.renderSync(parsed, scope))
}

function toLiquid(part: Exclude<TemplatePart, string>): string {
  const { tagDelimiterLeft, tagDelimiterRight, outputDelimiterLeft, outputDelimiterRight } =
    delimiters
  if ('tag' in part) return `${tagDelimiterLeft} ${part.tag} ${tagDelimiterRight}`
  return `${outputDelimiterLeft} ${part.output} | ${escapeFilters[part.escape]} ${outputDelimiterRight}`
}

function counter(): () => number {
  let count = 0
  return () => count++
}
