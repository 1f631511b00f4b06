/** What programs tell mistakes apart by: promised, as the texts are not. */
export const errorCodes = [
  // The request
  'unauthorized',
  'forbidden',
  'not-found',
  'wrong-method',
  'wrong-type',
  'too-large',
  'malformed',
  'invalid',
  'too-many',
  'wrong-site',
  // What it asks for
  'unknown-list',
  'unknown-transport',
  'no-list',
  'no-reader',
  'no-secret',
  // The sends there are
  'no-send',
  'sent-before',
  'send-open',
  'send-started',
  'send-ended',
  'no-recipient',
  'wrong-status',
  // Ours
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/**
 * A mistake of the person at the keyboard: its text says what is wrong, where, and what to do. The command line prints
 * it without a stack and exits 1; the integration shows it as an `AstroError`; the API answers it with its code.
 */
export class MailshotError extends Error {
  override name = 'MailshotError'
  readonly code: ErrorCode | undefined

  constructor(message: string, { code, ...options }: ErrorOptions & { code?: ErrorCode } = {}) {
    super(message, options)
    this.code = code
  }
}
