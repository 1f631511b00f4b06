/** A piece of a text that is written for some readers only, or differently for each. */
type Piece = string | { kind: string; source: string }

/**
 * Every state that a text may be in before each of its pieces, each branch of each condition reckoned by itself. `next` is
 * the state behind a piece that is no block tag, `again` are those that a loop may begin another round in.
 */
export function statesBefore<One extends Piece>(
  pieces: readonly One[],
  {
    first,
    again,
    next,
  }: { first: string; again: readonly string[]; next: (state: string, piece: One) => string },
): ReadonlySet<string>[] {
  let now: ReadonlySet<string> = new Set([first])
  const blocks: Block[] = []
  return pieces.map((piece) => {
    const before = now
    now =
      typeof piece === 'object' && piece.kind === 'tag'
        ? behindTag(blocks, before, piece.source, again)
        : new Set(Array.from(before, (state) => next(state, piece)))
    return before
  })
}

interface Block {
  before: ReadonlySet<string>
  /** At the ends of its branches. */
  after: ReadonlySet<string>
  /** Whether one of the branches is always taken. */
  isTotal: boolean
}

function behindTag(
  blocks: Block[],
  now: ReadonlySet<string>,
  source: string,
  again: readonly string[],
): ReadonlySet<string> {
  const [word = ''] = source.split(/\W/, 1)
  if (/^(?:if|unless|case|for)$/.test(word)) {
    blocks.push({ before: now, after: new Set(), isTotal: false })
    return word === 'for' ? new Set([...now, ...again]) : now
  }
  const block = blocks.at(-1)
  if (!block || word === 'assign') return now
  // What stands between `case` and its first `when` is shown to nobody, but does no harm here.
  block.after = new Set([...block.after, ...now])
  if (word === 'else') block.isTotal = true
  if (!word.startsWith('end')) return block.before
  blocks.pop()
  return block.isTotal ? block.after : new Set([...block.after, ...block.before])
}
