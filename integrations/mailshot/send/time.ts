import { MailshotError } from '../error.ts'

/** When a send may be planned for, in milliseconds: what a date with four digits for its year can say. */
export const earliest = 0
export const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** @throws MailshotError for a time that no send can be planned for, and that could not be written as a date later */
export function checkTime(slug: string, at: number | undefined): number | undefined {
  if (at === undefined || (Number.isInteger(at) && at >= earliest && at <= latest)) return at
  throw new MailshotError(
    `campaign ${slug}: ${at} is no time to send it at; give a date between 1970 and 9999`,
    { code: 'invalid' },
  )
}
