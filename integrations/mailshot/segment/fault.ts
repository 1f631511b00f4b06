/** A mistake in a condition. Thrown within this folder, and answered as a value by `segment.ts`. */
export class ConditionError extends Error {
  /** Where it is, counted from 0. */
  readonly at: number
  /** What to do about it. */
  readonly cure: string

  constructor(what: string, { at, cure }: { at: number; cure: string }) {
    super(what)
    this.name = 'ConditionError'
    this.at = at
    this.cure = cure
  }
}

const before = 40
const behind = 60

/** A condition as it is quoted where it is wrong at a column, counted from 1: of a long one, what stands around it. */
export function excerptOf(text: string, column: number): string {
  const from = Math.max(0, column - 1 - before)
  const to = column - 1 + behind
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`
}
