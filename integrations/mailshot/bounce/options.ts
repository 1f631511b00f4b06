import { isIP } from 'node:net'
import { z } from 'zod'
import { parseEmailAddress } from '../email-address.ts'

/** RFC 5321 §4.5.3.1 allows 64 octets before the @, of which a token takes up to 46, with its `+`. */
const longestLocal = 16

const address = z.string().transform((text, context) => {
  const parsed = parseEmailAddress(text)
  if (parsed && parsed.written.indexOf('@') <= longestLocal && !parsed.written.includes('+')) {
    return parsed.written
  }
  context.addIssue(
    `"${text}" must be an e-mail address with at most ${longestLocal} characters before its @ and no +, like bounces@news.example.org`,
  )
  return z.NEVER
})

const imap = z
  .strictObject({
    host: z.string().regex(/^[^\s/@]+$/, 'must be a name alone, like imap.example.org'),
    /** By default the usual one of the TLS mode: 993 or 143. */
    port: z.int().min(1).max(65_535).optional(),
    /** `implicit` is encrypted from the first byte, `starttls` begins in clear and must then be; `none` only on this machine. */
    tls: z.enum(['implicit', 'starttls', 'none']).default('implicit'),
    /** Your own certificate authority (PEM text). */
    ca: z.string().includes('-----BEGIN CERTIFICATE-----').optional(),
    user: z.string().min(1),
    /** By default MAILSHOT_IMAP_PASSWORD from the environment. */
    password: z.string().optional(),
    /** OAuth2 instead: called for an access token before each login. */
    accessToken: z
      .custom<() => string | Promise<string>>((value) => typeof value === 'function', {
        error: 'must be a function that answers an access token',
      })
      .optional(),
    /** The folder that mails come to. */
    inbox: z.string().min(1).default('INBOX'),
    /** Where mails go that were stored, and away notices. */
    done: z.string().min(1).default('mailshot-done'),
    /** Where those go that say nothing that is understood: a person may look at them. */
    unknown: z.string().min(1).default('mailshot-unknown'),
    /** Both are emptied of what is older; `false` keeps all. */
    keepDays: z.union([z.number().positive().max(3650), z.literal(false)]).default(30),
  })
  .refine(({ tls, host }) => tls !== 'none' || isLoopback(host), {
    error: "tls: 'none' would send the password in clear; use 'implicit' or 'starttls'",
  })

/** Where bounces return to, and how the server reads them. */
export const bouncesOption = z.strictObject({
  /**
   * The envelope sender of mails is `bounces+<token>@news.example.org` for `bounces@news.example.org`, and they can be left by mail to
   * `unsubscribe+<token>@news.example.org`: whatever stands behind a + has to reach the same mailbox as without.
   */
  address,
  /** The mailbox that the site reads; without it, a mail server pipes them into `mailshot bounces record`. */
  imap: imap.optional(),
})

export type ImapOptions = z.output<typeof imap>

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
