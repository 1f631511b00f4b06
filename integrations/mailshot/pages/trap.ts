import type { MailshotConfig } from '../config.ts'
import { fieldOf } from './form.ts'
import { signToken, verifyToken } from '../token.ts'

/** The names of the fields that nobody fills in, and of the one that says since when the form is open. */
export const trapFields = { empty: 'comments', since: 'since' } as const

/**
 * What a form of our own pages carries to tell when it was shown, signed. A page that was built beforehand, or stands on another site,
 * has none, since it is the same for everybody.
 *
 * @param isAgain whether it was sent before, so that its reader may be quick now
 */
export function openSince({ secrets }: MailshotConfig, now: number, isAgain: boolean): string {
  return signToken(secrets, 'form', [now, isAgain ? 1 : 0])
}

/**
 * Whether a form was filled in as robots do: too fast, long after it was shown, with a time that we have not signed, or with the field
 * that people do not see. Who is asked once more has shown to be one who presses again.
 */
export function seemsRobot(
  { secrets, abuse: { trap } }: MailshotConfig,
  form: FormData,
  now: number,
): boolean {
  if (trap === false) return false
  const since = fieldOf(form, trapFields.since)
  if (since !== '') {
    const verified = verifyToken(secrets, 'form', since, now)
    if ('refused' in verified) return true
    const [at = 0, again] = verified.ids
    const age = now - at
    if (age > trap.oldHours * 3_600_000) return true
    if (again === 1) return false
    if (age < trap.fastSeconds * 1000) return true
  }
  return fieldOf(form, trapFields.empty) !== ''
}
