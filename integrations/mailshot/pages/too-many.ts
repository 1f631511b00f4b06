import { countAttempt } from '../abuse/limit.ts'
import type { Mailshot } from '../mailshot.ts'
import { refusalPage } from './refusal.ts'

/**
 * Counts a public form that was sent, and answers the page (429) that says when to try again where that is too often; undefined where
 * it may go on. To be asked once a form, after what the person can see for themselves to be wrong: a slip counts nothing.
 *
 * @param form.emails whom it is about, as written
 * @param form.lang what the reader is known to read
 */
export async function refuseTooMany(
  mailshot: Mailshot,
  request: Request,
  form: { emails?: readonly string[]; lang?: string },
): Promise<Response | undefined> {
  const againAt = await countAttempt(mailshot, { request, emails: form.emails ?? [] })
  if (againAt === undefined) return undefined
  const seconds = Math.ceil((againAt - mailshot.now()) / 1000)
  return refusalPage(mailshot.config, request, {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    ...(form.lang !== undefined && { lang: form.lang }),
  })
}
