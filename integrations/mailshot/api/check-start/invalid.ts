import { MailshotError } from '../../error.ts'

/** The refusal of a campaign that is not as this site would have compiled it. */
export function invalid(message: string): MailshotError {
  return new MailshotError(message, { code: 'invalid' })
}
