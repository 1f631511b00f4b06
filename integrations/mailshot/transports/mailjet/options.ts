import { z } from 'zod'
import { MailshotError } from '../../error.ts'
import { isSafeEndpoint } from '../provider/endpoint.ts'

const hosts = { eu: 'https://api.mailjet.com', us: 'https://api.us.mailjet.com' } as const

const schema = z.strictObject({
  /** The public key of the account, or of a subaccount; `MAILJET_API_KEY` of the environment by default. */
  apiKey: z.string().trim().optional(),
  /** Its private key; `MAILJET_SECRET_KEY` of the environment by default. */
  secretKey: z.string().trim().optional(),
  /** Where the account lives: Mailjet tells which ones were moved to the United States. */
  region: z.enum(['eu', 'us']).default('eu'),
  /** Another address of the same API: a proxy of yours, a stand-in for tests. In clear on this machine only. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(isSafeEndpoint, { error: 'must be https: the keys would cross the network in clear' })
    .refine((url) => new URL(url).pathname === '/', { error: 'must be a host without a path' })
    .optional(),
  /** Calls at once, of at most 50 messages each; as many mails may be uncertain when a process dies. */
  calls: z.int().min(1).max(100).default(4),
  /** How long one call may take. */
  timeoutSeconds: z.number().positive().max(600).default(60),
  /** How long Mailjet is asked what became of messages whose answer was lost, before they are uncertain. */
  lookUpSeconds: z.number().min(0).max(600).default(30),
  /** Mailjet checks everything and mails nothing (its SandboxMode). */
  sandbox: z.boolean().default(false),
  /**
   * A name and a password that Mailjet shows with its events, in place of the secret in the webhook's address or beside it:
   * `mailshot webhooks install` writes them into the address.
   */
  webhookAuth: z
    .strictObject({
      user: z.string().regex(/^[^:@/\s]+$/, 'must be a word without : @ /'),
      /** At least 16 characters, from the environment. One that is missing there proves nothing. */
      password: z
        .string()
        .trim()
        .refine(({ length }) => length === 0 || length >= 16, 'must have at least 16 characters')
        .optional(),
    })
    .optional(),
})

/** What `mailjet({…})` takes. Every option is documented at its schema. */
export type MailjetOptions = z.input<typeof schema>
export type CheckedMailjetOptions = Omit<z.output<typeof schema>, 'endpoint'> & { endpoint: URL }

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MailshotError that lists every wrong option
 */
export function checkMailjetOptions(input: MailjetOptions): CheckedMailjetOptions {
  const result = schema.safeParse(input)
  if (!result.success) {
    throw new MailshotError(`mailjet({…}) is wrong:\n${z.prettifyError(result.error)}`)
  }
  const { endpoint, region } = result.data
  return { ...result.data, endpoint: new URL(endpoint ?? hosts[region]) }
}

export interface MailjetKeys {
  apiKey: string
  secretKey: string
}

/** The keys, or what is wrong with them: known only where the environment is that of the running site. Files end with a newline. */
export function keysOf(options: CheckedMailjetOptions): MailjetKeys | { lack: string } {
  const apiKey = options.apiKey || process.env['MAILJET_API_KEY']?.trim() || ''
  const secretKey = options.secretKey || process.env['MAILJET_SECRET_KEY']?.trim() || ''
  const lack =
    lackOf(apiKey, 'apiKey', 'MAILJET_API_KEY') ??
    lackOf(secretKey, 'secretKey', 'MAILJET_SECRET_KEY')
  return lack === undefined ? { apiKey, secretKey } : { lack }
}

function lackOf(key: string, option: string, variable: string): string | undefined {
  if (key === '')
    return `mailjet({…}): ${option} is missing; is ${variable} set in the environment?`
  // No request can carry others.
  if (!/[^\x21-\x7e]/.test(key)) return undefined
  return `mailjet({…}): ${option} has characters that no key has; copy ${variable} anew`
}

/** What must stand in no error and no log: the keys, and the two as a request shows them. */
export function secretsOf({ apiKey, secretKey }: MailjetKeys): string[] {
  const both = `${apiKey}:${secretKey}`
  return [both, Buffer.from(both).toString('base64'), secretKey, apiKey]
}
