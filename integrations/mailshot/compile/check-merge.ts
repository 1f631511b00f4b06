import { errorAt, type Problem } from '../campaign/problem.ts'
import { didYouMean } from '../closest.ts'
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
  const state: State = { fields: new Map(fields), blocks: [], problems: [] }
  for (const node of nodes) {
    if (typeof node === 'string') continue
    if (node.token.kind === 'output') checkOutput(state, node)
    else if (node.token.kind === 'tag') checkTag(state, node)
  }
  for (const block of state.blocks) {
    report(
      state,
      block.token,
      `{% ${block.name} %} is never closed`,
      'all that follows would depend on it',
      `write {% end${block.name} %} behind it`,
    )
  }
  return state.problems
}

interface State {
  /** The site's fields and those the template assigned itself. */
  fields: Map<string, { optional: boolean }>
  blocks: Block[]
  problems: Problem[]
}

interface Block {
  name: string
  token: Token
  parent: number
  /** Fields that are not empty in the branch we are in. */
  filled: string[]
  /** What was known outside: a loop's own names end with it. */
  outer: State['fields']
}

function checkOutput(state: State, { token }: PlacedToken): void {
  const { fields, filters, fallback, wrong } = readOutput(token.source)
  const foreign = filters.find((filter) => !allowedFilters.includes(filter))
  const unreadable = wrong ?? (foreign === undefined ? tryOutput(token.source) : undefined)
  if (unreadable !== undefined) {
    const cure = 'write it like {{ nom | default: "…" }}'
    report(state, token, `{{ ${token.source} }} cannot be read`, unreadable, cure)
    return
  }
  if (foreign !== undefined) {
    const why = 'a campaign has a fixed set'
    report(state, token, `unknown filter "${foreign}"`, why, didYouMean(foreign, allowedFilters))
  }
  checkFields(state, token, fields)
  if (!mayBeEmpty(state, fields[0], fallback)) return
  const cure = `write {{ ${token.source} | default: "…" }}, or put it in {% if ${fields[0]} %} … {% endif %}`
  report(state, token, `{{ ${token.source} }} may be empty`, 'not every subscriber has one', cure)
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
    const why = 'it is neither built in nor among the fields of mailshot.config.ts'
    report(
      state,
      token,
      `unknown merge field "${name}"`,
      why,
      didYouMean(name, [...state.fields.keys()]),
    )
  }
}

function checkTag(state: State, placed: PlacedToken): void {
  const { token } = placed
  const [, name = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/.exec(token.source) ?? []
  if (!allowedTags.has(name)) {
    const known = [...allowedTags, 'comment']
    report(
      state,
      token,
      `unknown tag {% ${token.source} %}`,
      'a campaign has a fixed set',
      didYouMean(name, known),
    )
    return
  }
  const opens = ['if', 'unless', 'case', 'for'].includes(name)
  const wrong = tryTag(name, token.source)
  if (wrong !== undefined) {
    const cure = 'write it like {% if plan == "pro" %}'
    report(state, token, `{% ${token.source} %} cannot be read`, wrong, cure)
    if (!opens) return
  }
  if (name === 'assign') return assign(state, token, rest)
  const outer = new Map(state.fields)
  if (name === 'for')
    state.fields
      .set(/^\w+/.exec(rest)?.[0] ?? '', { optional: false })
      .set('forloop', { optional: false })
  checkFields(state, token, fieldsIn(rest))
  if (name.startsWith('end')) return endBlock(state, placed, name.slice(3))
  if (opens) {
    state.blocks.push({
      outer,
      name,
      token,
      parent: placed.parent,
      filled: name === 'unless' && !/[=<>]/.test(rest) ? [] : fieldsIn(rest),
    })
  } else nextBranch(state, placed, name, rest)
}

function assign(state: State, token: Token, rest: string): void {
  const [, name = '', expression = ''] = /^(\w+)\s*=\s*([\s\S]*)$/.exec(rest) ?? []
  const { fields, fallback } = readOutput(expression)
  checkFields(state, token, fields)
  const optional = mayBeEmpty(state, fields[0], fallback)
  state.fields.set(name, { optional })
}

function nextBranch(state: State, placed: PlacedToken, name: string, rest: string): void {
  const block = state.blocks.at(-1)
  const owners = branches[name] ?? []
  if (!block || !owners.includes(block.name)) {
    report(
      state,
      placed.token,
      `{% ${name} %} stands alone`,
      `it belongs into {% ${owners[0]} %}`,
      'move or remove it',
    )
    return
  }
  sameElement(state, block, placed)
  if (name === 'elsif') block.filled = fieldsIn(rest)
  // What `unless x` excludes is what its `else` is about; in the `else` of an `if` nothing is known.
  else if (name === 'else')
    block.filled = block.name === 'unless' ? fieldsIn(block.token.source.slice(6)) : []
}

const branches: Record<string, string[]> = {
  elsif: ['if', 'unless'],
  else: ['if', 'unless', 'case', 'for'],
  when: ['case'],
}

function endBlock(state: State, placed: PlacedToken, name: string): void {
  const block = state.blocks.at(-1)
  if (block?.name === name) {
    state.blocks.pop()
    if (name === 'for') state.fields = block.outer
    sameElement(state, block, placed)
    return
  }
  const why = block
    ? `{% ${block.name} %} of line ${block.token.place.line} is still open`
    : `no {% ${name} %} is open`
  report(
    state,
    placed.token,
    `{% end${name} %} closes nothing`,
    why,
    'close blocks in the reverse order of opening',
  )
}

function sameElement(state: State, block: Block, { token, parent }: PlacedToken): void {
  if (block.parent === parent) return
  const what = `{% ${token.source} %} stands in another element than its {% ${block.name} %} of line ${block.token.place.line}`
  report(
    state,
    token,
    what,
    'the mail would lose half an element',
    'put both on lines of their own, around whole elements',
  )
}

function report(state: State, token: Token, what: string, why: string, cure: string): void {
  state.problems.push(errorAt(token.place, what, why, cure))
}
