/** The site, or the way to it, has failed: nothing is wrong with what was asked. */
export class SiteFault extends Error {
  override name = 'SiteFault'
  /** Whether it may be well again in a moment, as in the middle of a deploy. */
  readonly isTemporary: boolean

  constructor(message: string, isTemporary: boolean, options?: ErrorOptions) {
    super(message, options)
    this.isTemporary = isTemporary
  }
}
