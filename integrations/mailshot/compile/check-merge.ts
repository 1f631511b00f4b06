import { errorAt, type Problem } from '../campaign/problem.ts'
import { didYouMean } from '../closest.ts'
import { fieldsIn, readOutput } from './expression.ts'
import type { Fields } from './fields.ts'
import { allowedFilters, allowedTags, createLiquid, delimiters } from './liquid.ts'
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

function checkOutput(state: State, { token, escape }: PlacedToken): void {
  const { fields, filters, wrong } = readOutput(token.source)
  if (wrong !== undefined) {
    report(
      state,
      token,
      `{{ ${token.source} }} cannot be read`,
      wrong,
      'write it like {{ nom | default: "…" }}',
    )
    return
  }
  const foreign = filters.find((filter) => !allowedFilters.includes(filter))
  if (foreign !== undefined) {
    report(
      state,
      token,
      `unknown filter "${foreign}"`,
      'a campaign has a fixed set',
      didYouMean(foreign, allowedFilters),
    )
  }
  checkFields(state, token, fields)
  const [first] = fields
  const covered =
    filters.includes('default') || state.blocks.some((block) => block.filled.includes(first ?? ''))
  if (first === undefined || covered || !state.fields.get(first)?.optional) return
  const cure =
    escape === 'url'
      ? `put it in {% if ${first} %} … {% endif %}`
      : `write {{ ${token.source} | default: "…" }}, or put it in {% if ${first} %} … {% endif %}`
  report(state, token, `{{ ${token.source} }} may be empty`, 'not every subscriber has one', cure)
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
  if (!checkSyntax(state, token, name) && !opens) return
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

/** Runs a tag alone through Liquid, which knows best what it can read. */
function checkSyntax(state: State, token: Token, name: string): boolean {
  const wrap = (before: string, after: string) =>
    [before, token.source, after]
      .filter((tag) => tag !== '')
      .map((tag) => `${delimiters.tagDelimiterLeft} ${tag} ${delimiters.tagDelimiterRight}`)
      .join('')
  const [before = '', after = ''] = surroundings[name] ?? []
  try {
    // A range could be made as long as one likes.
    if (/\(.*\.\..*\)/.test(token.source)) throw new Error('ranges are not part of it')
    liquid.parse(wrap(before, after))
    return true
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(
      /,? (?:line|file):.*$/,
      '',
    )
    report(
      state,
      token,
      `{% ${token.source} %} cannot be read`,
      why,
      'write it like {% if plan == "pro" %}',
    )
    return false
  }
}

const liquid = createLiquid('en')
const surroundings: Record<string, [string, string]> = {
  if: ['', 'endif'],
  elsif: ['if true', 'endif'],
  else: ['if true', 'endif'],
  endif: ['if true', ''],
  unless: ['', 'endunless'],
  endunless: ['unless true', ''],
  case: ['', 'endcase'],
  when: ['case 1', 'endcase'],
  endcase: ['case 1', ''],
  for: ['', 'endfor'],
  endfor: ['for x in lists', ''],
}

function assign(state: State, token: Token, rest: string): void {
  const [, name = '', expression = ''] = /^(\w+)\s*=\s*([\s\S]*)$/.exec(rest) ?? []
  const { fields, filters } = readOutput(expression)
  checkFields(state, token, fields)
  const optional =
    !filters.includes('default') && fields.some((field) => state.fields.get(field)?.optional)
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
