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
