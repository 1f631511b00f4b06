import { z } from 'zod'
import { MailshotError } from '../../error.ts'
import { isSafeEndpoint } from '../provider/endpoint.ts'

// https://developers.sparkpost.com/api/#header-endpoints
const hosts = { us: 'https://api.sparkpost.com', eu: 'https://api.eu.sparkpost.com' } as const

const schema = z.strictObject({
  /** `SPARKPOST_API_KEY` of the environment by default. One that is missing there stops the first send, not the build. */
  apiKey: z.string().trim().optional(),
  /** Where the account was made; accounts of one region do not exist in the other. */
  region: z.enum(['us', 'eu']).default('us'),
  /** Another address of the same API: an Enterprise account's, a stand-in for tests. In clear on this machine only. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(isSafeEndpoint, { error: 'must be https: the key would cross the network in clear' })
    .refine((url) => /^\/(?:api\/v1\/?)?$/.test(new URL(url).pathname), {
      error: 'must be a host without a path, or end with /api/v1',
    })
    .optional(),
  /** Sends as this subaccount. */
  subaccount: z.int().min(1).optional(),
  /** The dedicated IP pool to send from; by default the account's. */
  ipPool: z.string().min(1).optional(),
  /** A tracking domain of the account's, for its pixels and links. */
  trackingDomain: z.string().min(1).optional(),
  /**
   * Envelope sender. Its domain must be one that SparkPost has verified for bounces; the local part becomes SparkPost's own,
   * but for Enterprise accounts. Without it the account's default.
   */
  returnPath: z.email().optional(),
  /** Every mail goes to SparkPost's sink, which delivers nothing and counts against the quota. */
  sink: z.boolean().default(false),
  /** Calls at once, of one message each; SparkPost advises at most 10 connections. */
  calls: z.int().min(1).max(100).default(10),
  /** How long one call may take. */
  timeoutSeconds: z.number().positive().max(600).default(60),
  /** How long SparkPost is asked what became of a message whose answer was lost, before it is uncertain. */
  lookUpSeconds: z.number().min(0).max(600).default(30),
  /**
   * A name and a password that SparkPost shows with its events, in place of the secret in the webhook's address or beside it:
   * `mailshot webhooks install` gives them to SparkPost.
   */
  webhookAuth: z
    .strictObject({
      user: z.string().regex(/^[^:\s]+$/, 'must be a word without :'),
      /** At least 16 characters, from the environment. One that is missing there proves nothing. */
      password: z
        .string()
        .trim()
        .refine(({ length }) => length === 0 || length >= 16, 'must have at least 16 characters')
        .optional(),
    })
    .optional(),
})

/** What `sparkpost({…})` takes. Every option is documented at its schema. */
export type SparkpostOptions = z.input<typeof schema>
export type CheckedSparkpostOptions = z.output<typeof schema> & { endpoint: string }

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MailshotError that lists every wrong option
 */
export function checkSparkpostOptions(input: SparkpostOptions): CheckedSparkpostOptions {
  const result = schema.safeParse(input)
  if (!result.success) {
    throw new MailshotError(`sparkpost({…}) is wrong:\n${z.prettifyError(result.error)}`)
  }
  const { endpoint, region } = result.data
  return { ...result.data, endpoint: new URL(endpoint ?? hosts[region]).origin }
}

/** The key, or what is wrong with it: known only where the environment is that of the running site. A file ends it with a newline. */
export function keyOf({ apiKey }: CheckedSparkpostOptions): { key: string } | { lack: string } {
  const key = apiKey || process.env['SPARKPOST_API_KEY']?.trim()
  if (!key)
    return {
      lack: 'sparkpost({…}): apiKey is missing; is SPARKPOST_API_KEY set in the environment?',
    }
  // No request can carry others.
  if (/[^\x21-\x7e]/.test(key)) {
    return {
      lack: 'sparkpost({…}): apiKey has characters that no key has; copy SPARKPOST_API_KEY anew',
    }
  }
  return { key }
}
