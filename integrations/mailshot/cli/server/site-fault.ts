/** The site, or the way to it, has failed: nothing is wrong with what was asked. */
export class SiteFault extends Error {
  override name = 'SiteFault'
  /** Whether it may be well again in a moment, as in the middle of a deploy. */
  readonly isTemporary: boolean
  /** How long the site asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    isTemporary: boolean,
    { retryAfter, ...options }: ErrorOptions & { retryAfter?: number | undefined } = {},
  ) {
    super(message, options)
    this.isTemporary = isTemporary
    this.retryAfter = retryAfter
  }
}
