import { errorAt, type Problem } from '../../campaign/problem.ts'
import { fieldsIn } from '../expression.ts'
import type { Fields } from '../fields.ts'
import { filledBy, filledByWhen } from '../guard.ts'
import type { PlacedToken } from '../nodes.ts'
import type { Token } from '../tokens.ts'

/** What checking has come to know on its way through a text. */
export interface State {
  site: Fields
  /** The site's fields and those the template assigned itself. */
  fields: Map<string, { optional: boolean }>
  blocks: Block[]
  problems: Problem[]
}

/** A block that is open. */
export interface Block {
  name: string
  token: Token
  parent: number
  /** What the block's own tag says behind its name. */
  subject: string
  /** Fields that are not empty in the branch we are in. */
  filled: string[]
  /** Fields that are not empty in every branch that follows. */
  left: string[]
  isTotal: boolean
  /** Whether a branch has begun: what stands between `case` and its first `when` is in none. */
  hasBegun: boolean
  /** What was known before it: a loop's own names end with it. */
  outer: State['fields']
  /** What was known at the end of each branch. */
  ends: State['fields'][]
}

/** Begins a block at its tag. */
export function openBlock(
  state: State,
  { token, parent }: PlacedToken,
  { name, subject, outer }: Pick<Block, 'name' | 'subject' | 'outer'>,
): void {
  const first: Record<string, string[]> = {
    if: filledBy(subject, true),
    unless: filledBy(subject, false),
    for: fieldsIn(subject),
  }
  const left: Record<string, string[]> = {
    if: filledBy(subject, false),
    unless: filledBy(subject, true),
  }
  state.blocks.push({
    name,
    token,
    parent,
    subject,
    filled: first[name] ?? [],
    left: left[name] ?? [],
    isTotal: false,
    hasBegun: name !== 'case',
    outer,
    ends: [],
  })
}

/** Begins the next branch of the innermost block, or reports a tag that has none. */
export function nextBranch(state: State, placed: PlacedToken, name: string, rest: string): void {
  const block = state.blocks.at(-1)
  const owners = branches[name] ?? []
  if (!block || !owners.includes(block.name)) {
    report(state, placed.token, {
      what: `{% ${name} %} stands alone`,
      why: `it belongs into {% ${owners[0]} %}`,
      cure: 'move or remove it',
    })
    return
  }
  sameElement(state, block, placed)
  endBranch(state, block)
  if (name === 'when') block.filled = filledByWhen(block.subject, rest)
  else if (name === 'elsif') {
    block.filled = [...block.left, ...filledBy(rest, true)]
    block.left = [...block.left, ...filledBy(rest, false)]
  } else {
    block.filled = block.left
    block.isTotal = block.name !== 'for'
  }
}

/** Each branch begins with what was known before the block. */
function endBranch(state: State, block: Block): void {
  if (block.hasBegun) block.ends.push(state.fields)
  block.hasBegun = true
  state.fields = new Map(block.outer)
}

/** What is known behind a block: what may be empty at the end of one branch may be empty from here on. */
function joinBranches(state: State, block: Block): void {
  endBranch(state, block)
  const ends = block.isTotal ? block.ends : [...block.ends, block.outer]
  const names = (block.name === 'for' ? [block.outer] : ends).flatMap((end) => [...end.keys()])
  for (const name of names) {
    state.fields.set(name, { optional: ends.some((end) => end.get(name)?.optional !== false) })
  }
}

const branches: Record<string, string[]> = {
  elsif: ['if', 'unless'],
  else: ['if', 'unless', 'case', 'for'],
  when: ['case'],
}

/** Ends the innermost block, or reports a tag that ends none. */
export function endBlock(state: State, placed: PlacedToken, name: string): void {
  const block = state.blocks.at(-1)
  if (block?.name === name) {
    state.blocks.pop()
    joinBranches(state, block)
    sameElement(state, block, placed)
    return
  }
  const why = block
    ? `{% ${block.name} %} of line ${block.token.place.line} is still open`
    : `no {% ${name} %} is open`
  const what = `{% end${name} %} closes nothing`
  const cure = 'close blocks in the reverse order of opening'
  report(state, placed.token, { what, why, cure })
}

function sameElement(state: State, block: Block, { token, parent }: PlacedToken): void {
  if (block.parent === parent) return
  const what = `{% ${token.source} %} stands in another element than its {% ${block.name} %} of line ${block.token.place.line}`
  const why = 'the mail would lose half an element'
  const cure = 'put both on lines of their own, around whole elements'
  report(state, token, { what, why, cure })
}

/** Notes an error at a placeholder. */
export function report(
  state: State,
  token: Token,
  { what, why, cure }: Pick<Problem, 'what' | 'why' | 'cure'>,
): void {
  state.problems.push(errorAt(token.place, what, why, cure))
}
