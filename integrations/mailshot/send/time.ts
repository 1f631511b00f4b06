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

/** @throws MailshotError when the send of a campaign would begin at or after its end date, and mail nobody */
export function requireBeforeEnd(
  slug: string,
  { startsAt, until, now }: { startsAt: number; until: number | undefined; now: number },
): void {
  if (until === undefined || Math.max(startsAt, now) < until) return
  const end = new Date(until).toISOString()
  const why =
    until <= now
      ? `it was to end by ${end}`
      : `it would begin at ${new Date(startsAt).toISOString()}, and is to end by ${end}`
  throw new MailshotError(
    `campaign ${slug}: ${why}, so nobody would get it; ` +
      'write a later "until" in its front matter, or take it out',
    { code: 'invalid' },
  )
}
