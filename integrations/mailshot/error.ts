/**
 * A mistake of the person at the keyboard: its text says what is wrong, where, and what to do. The command line prints
 * it without a stack and exits 1; the integration shows it as an `AstroError`.
 */
export class MailshotError extends Error {
  override name = 'MailshotError'
}
