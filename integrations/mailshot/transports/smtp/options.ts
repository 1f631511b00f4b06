import { isIP } from 'node:net'
import { z } from 'zod'
import { MailshotError } from '../../error.ts'

const seconds = z.number().positive().max(3600)

const schema = z.strictObject({
  /** The relay's name, or its address. */
  host: z
    .string()
    .min(1)
    .regex(/^[^\s/@]+$/, 'must be a name alone, like smtp.example.org'),
  /** By default the usual one of the TLS mode: 587, 465 or 25. */
  port: z.int().min(1).max(65_535).optional(),
  /**
   * `starttls` begins in clear and must then be encrypted, `implicit` is encrypted from the first byte, `none` never. There
   * is no mode that encrypts only if the server offers it.
   */
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  /** Your own certificate authority (PEM text), for a relay whose certificate no public one has signed. */
  ca: z
    .string()
    .includes('-----BEGIN CERTIFICATE-----', {
      error: 'must be the text of a PEM file, not its name',
    })
    .optional(),
  user: z.string().optional(),
  /** From the environment. One that is missing there stops the first send, not the build. */
  password: z.string().optional(),
  /** Connections kept open at once; ask the relay's operator before raising it. */
  connections: z.int().min(1).max(1000).default(5),
  /** What EHLO says; by default the machine's name, or `[127.0.0.1]` where that has no dot. */
  name: z
    .string()
    .regex(/^[\w.:[\]-]+$/, 'must be a host name')
    .optional(),
  /** For the connection, the greeting and the TLS handshake together. */
  connectTimeoutSeconds: seconds.default(30),
  /**
   * For each answer. RFC 5321 §4.5.3.2 asks for ten minutes, for a shorter wait after the body doubles mail. The whole
   * login has two at most.
   */
  answerTimeoutSeconds: seconds.default(600),
  /** An encrypted connection is opened anew after about this time, so that a long send meets new certificates and keys. */
  renewAfterMinutes: z.number().positive().max(1440).default(30),
  /** Signs here; leave it out when the relay signs. */
  dkim: z
    .strictObject({
      /** The domain that signs: the sender's own, for DMARC. */
      domain: z.string().regex(/^[\w-]+(\.[\w-]+)+$/, 'must be a domain'),
      /** `news` when the public key stands at `news._domainkey.example.org`. */
      selector: z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'must be a label, like news2026'),
      /** PEM text of an RSA key of at least 2048 bits, from the environment. */
      privateKey: z.string().optional(),
    })
    .optional(),
})

/** What `smtp({…})` takes. Every option is documented at its schema. */
export type SmtpOptions = z.input<typeof schema>
export type CheckedSmtpOptions = z.output<typeof schema> & { port: number }

const usualPort = { starttls: 587, implicit: 465, none: 25 } as const

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MailshotError that lists every wrong option, or refuses a password in clear beyond this machine
 */
export function checkSmtpOptions(input: SmtpOptions): CheckedSmtpOptions {
  const result = schema.safeParse(input)
  if (!result.success) {
    throw new MailshotError(`smtp({…}) is wrong:\n${z.prettifyError(result.error)}`)
  }
  const { port, user, tls } = result.data
  // A variable that is set to nothing in the environment is not set.
  const options = { ...result.data, user: user || undefined, port: port ?? usualPort[tls] }
  if (options.tls === 'none' && options.user !== undefined && !isLoopback(options.host)) {
    throw new MailshotError(
      `smtp({ host: '${options.host}', tls: 'none', user: … }): the password would cross the network in clear; ` +
        `use tls: 'starttls' or 'implicit', or leave user and password out`,
    )
  }
  return options
}

/** What is still missing to send at all; known only where the environment is that of the running site. */
export function missingSecret(options: CheckedSmtpOptions): string | undefined {
  if (options.user && !options.password) return missing('password', 'user is set')
  if (options.password && !options.user) return missing('user', 'password is set')
  if (options.dkim && !options.dkim.privateKey) return missing('dkim.privateKey', 'dkim is set')
  return undefined
}

function missing(option: string, why: string): string {
  return `smtp({…}): ${option} is missing though ${why}; is its environment variable set here?`
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
