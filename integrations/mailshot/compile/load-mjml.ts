import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type mjml2html from 'mjml'
import { MailshotError } from '../error.ts'

/**
 * Loads MJML when it is first needed. Beside a `.mjmlconfig` it would, as soon as it is loaded, run the packages named there,
 * and the mail would not be the same on every machine: then it throws.
 */
export async function loadMjml(): Promise<typeof mjml2html> {
  const file = resolve('.mjmlconfig')
  if (existsSync(file)) {
    throw new MailshotError(
      `MJML would run the packages of ${file}: a mail must be the same on every machine; remove that file, or run elsewhere`,
    )
  }
  return (await import('mjml')).default
}
