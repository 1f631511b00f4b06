import { z } from 'zod'
import { parseEmailAddress, parseMailbox } from '../email-address.ts'

/** A text in one language for all readers, or one per language: `{ fr: 'Hebdo', en: 'Weekly' }`. */
export const localizedText = z.union([
  z.string().min(1),
  z.record(z.string(), z.string().min(1)).refine((texts) => Object.keys(texts).length > 0, {
    error: 'needs at least one language',
  }),
])

/** A sender: `Rédaction <news@example.org>`. */
export const mailbox = z.string().transform((text, context) => {
  const parsed = parseMailbox(text)
  if (parsed) return parsed
  context.addIssue(`"${text}" is not a sender; write it like: Rédaction <news@example.org>`)
  return z.NEVER
})

/** An address, as it is written. */
export const emailAddress = z.string().transform((text, context) => {
  const parsed = parseEmailAddress(text)
  if (parsed) return parsed.written
  context.addIssue(`"${text}" is not an e-mail address`)
  return z.NEVER
})

/** Names of lists, fields and segments stand in front matter, links and headers. */
export function keysMatch(pattern: RegExp) {
  return (record: Record<string, unknown>, context: z.RefinementCtx) => {
    for (const key of Object.keys(record)) {
      if (pattern.test(key)) continue
      const message = `"${key}" must begin with a lower-case letter and go on with those, digits and _`
      context.addIssue({ code: 'custom', message })
    }
  }
}
