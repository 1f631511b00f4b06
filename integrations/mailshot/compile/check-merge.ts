import type { Problem } from '../campaign/problem.ts'
import { didYouMean } from '../closest.ts'
import { endBlock, nextBranch, openBlock, report, type State } from './check-merge/block.ts'
import { fieldsIn, readOutput } from './expression.ts'
import { tryOutput, tryTag } from './dry-run.ts'
import type { Fields } from './fields.ts'
import { allowedFilters, allowedTags } from './liquid.ts'
import type { Node, PlacedToken } from './nodes.ts'
import type { Token } from './tokens.ts'

/**
 * Checks all placeholders of one finished text, in its order: known fields, tags and filters, a `default` or a condition
 * for what may be empty, and blocks that begin and end in the same element.
 */
export function checkMerge(nodes: readonly Node[], fields: Fields): Problem[] {
  const state: State = { site: fields, fields: new Map(fields), blocks: [], problems: [] }
  for (const node of nodes) {
    if (typeof node === 'string') continue
    if (node.token.kind === 'output') checkOutput(state, node)
    else if (node.token.kind === 'tag') checkTag(state, node)
  }
  for (const block of state.blocks) {
    report(state, block.token, {
      what: `{% ${block.name} %} is never closed`,
      why: 'all that follows would depend on it',
      cure: `write {% end${block.name} %} behind it`,
    })
  }
  return state.problems
}

function checkOutput(state: State, { token }: PlacedToken): void {
  const { fields, filters, fallback, wrong } = readOutput(token.source)
  const foreign = filters.find((filter) => !allowedFilters.includes(filter))
  const unreadable = wrong ?? (foreign === undefined ? tryOutput(token.source) : undefined)
  if (unreadable !== undefined) {
    const what = `{{ ${token.source} }} cannot be read`
    const cure = 'write it like {{ nom | default: "…" }}'
    report(state, token, { what, why: unreadable, cure })
    return
  }
  if (foreign !== undefined) {
    report(state, token, {
      what: `unknown filter "${foreign}"`,
      why: 'a campaign has a fixed set',
      cure: didYouMean(foreign, allowedFilters),
    })
  }
  checkFields(state, token, fields)
  if (!mayBeEmpty(state, fields[0], fallback)) return
  report(state, token, {
    what: `{{ ${token.source} }} may be empty`,
    why: 'not every subscriber has one',
    cure: `write {{ ${token.source} | default: "…" }}, or put it in {% if ${fields[0]} %} … {% endif %}`,
  })
}

/** Whether neither the field, in the branch we are in, nor what stands in for it is always there. */
function mayBeEmpty(state: State, ...fields: (string | undefined)[]): boolean {
  const given = fields.filter((field) => field !== undefined)
  const isOptional = (field: string) =>
    state.fields.get(field)?.optional === true &&
    !state.blocks.some(({ filled }) => filled.includes(field))
  return given.length > 0 && given.every(isOptional)
}

function checkFields(state: State, token: Token, names: readonly string[]): void {
  for (const name of new Set(names)) {
    if (state.fields.has(name)) continue
    report(state, token, {
      what: `unknown merge field "${name}"`,
      why: 'it is neither built in nor among the fields of mailshot.config.ts',
      cure: didYouMean(name, [...state.fields.keys()]),
    })
  }
}

function checkTag(state: State, placed: PlacedToken): void {
  const { token } = placed
  const [, name = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(token.source) ?? []
  if (!allowedTags.has(name)) {
    report(state, token, {
      what: `unknown tag {% ${token.source} %}`,
      why: 'a campaign has a fixed set',
      cure: didYouMean(name, [...allowedTags, 'comment']),
    })
    return
  }
  const opens = ['if', 'unless', 'case', 'for'].includes(name)
  const wrong = tryTag(name, token.source)
  if (wrong !== undefined) {
    const what = `{% ${token.source} %} cannot be read`
    report(state, token, { what, why: wrong, cure: 'write it like {% if plan == "pro" %}' })
    if (!opens) return
  }
  if (name === 'assign') return assign(state, token, rest)
  const outer = new Map(state.fields)
  if (name === 'for') {
    const item = /^\w+/.exec(rest)?.[0] ?? ''
    refuseOwn(state, token, item)
    state.fields.set(item, { optional: false }).set('forloop', { optional: false })
  }
  checkFields(state, token, fieldsIn(rest))
  if (name.startsWith('end')) return endBlock(state, placed, name.slice(3))
  if (opens) openBlock(state, placed, { name, subject: rest, outer })
  else nextBranch(state, placed, name, rest)
}

function assign(state: State, token: Token, rest: string): void {
  const [, name = '', expression = ''] = /^(\w+)\s*=\s*([\s\S]*)$/.exec(rest) ?? []
  const { fields, fallback } = readOutput(expression)
  checkFields(state, token, fields)
  refuseOwn(state, token, name)
  const optional = mayBeEmpty(state, fields[0], fallback) || isBlankText(expression)
  state.fields.set(name, { optional })
  for (const block of state.blocks) {
    block.filled = block.filled.filter((one) => one !== name)
    block.left = block.left.filter((one) => one !== name)
  }
}

function isBlankText(expression: string): boolean {
  return /^\s*(?:"\s*"|'\s*')\s*$/.test(expression)
}

/** What every mail needs is not to be written over: the link to leave by, for one. */
function refuseOwn(state: State, token: Token, name: string): void {
  if (state.site.get(name)?.optional !== false) return
  const what = `{% ${token.source} %} hides the field "${name}"`
  const why = 'the mail would lose it from there on'
  report(state, token, { what, why, cure: 'take another name' })
}
