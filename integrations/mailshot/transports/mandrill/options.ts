import { z } from 'zod'
import { MailshotError } from '../../error.ts'
import { isSafeEndpoint } from '../provider/endpoint.ts'

const schema = z.strictObject({
  /**
   * `MANDRILL_API_KEY` of the environment by default. One that is missing there stops the first send, not the build. A test key
   * mails nobody.
   */
  apiKey: z.string().trim().optional(),
  /**
   * The keys that Mandrill signs its webhooks with, one a webhook: `mailshot webhooks install` prints it. While one is being
   * replaced there are two. By default those of `MANDRILL_WEBHOOK_KEYS`, with commas between them.
   */
  webhookKeys: z.array(z.string().trim().min(1)).optional(),
  /** Another address of the same API: a proxy of yours, a stand-in for tests. In clear on this machine only. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(isSafeEndpoint, { error: 'must be https: the key would cross the network in clear' })
    .refine((url) => /^\/(?:api\/1\.\d\/?)?$/.test(new URL(url).pathname), {
      error: 'must be a host without a path, or end with /api/1.0',
    })
    .optional(),
  /** Sends as this subaccount, which must exist. */
  subaccount: z.string().min(1).optional(),
  /** The dedicated IP pool to send from; Mandrill takes the account's default for one that it does not know. */
  ipPool: z.string().min(1).optional(),
  /** Whose envelope sender bounces return to, set up with Mandrill; by default its own. */
  returnPathDomain: z.string().min(1).optional(),
  /** For its pixels and links, set up with Mandrill; by default its own. */
  trackingDomain: z.string().min(1).optional(),
  /** Calls at once, of one message each. */
  calls: z.int().min(1).max(100).default(10),
  /** How long one call may take. */
  timeoutSeconds: z.number().positive().max(600).default(60),
  /** How long Mandrill is asked what became of a message whose answer was lost, before it is uncertain. */
  lookUpSeconds: z.number().min(0).max(600).default(30),
})

/** What `mandrill({…})` takes. Every option is documented at its schema. */
export type MandrillOptions = z.input<typeof schema>
export type CheckedMandrillOptions = z.output<typeof schema> & { endpoint: string }

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MailshotError that lists every wrong option
 */
export function checkMandrillOptions(input: MandrillOptions): CheckedMandrillOptions {
  const result = schema.safeParse(input)
  if (!result.success) {
    throw new MailshotError(`mandrill({…}) is wrong:\n${z.prettifyError(result.error)}`)
  }
  const { endpoint = 'https://mandrillapp.com' } = result.data
  return { ...result.data, endpoint: `${new URL(endpoint).origin}/api/1.0` }
}

/** The key, or what is wrong with it: known only where the environment is that of the running site. A file ends it with a newline. */
export function keyOf({ apiKey }: CheckedMandrillOptions): { key: string } | { lack: string } {
  const key = apiKey || process.env['MANDRILL_API_KEY']?.trim()
  if (!key)
    return { lack: 'mandrill({…}): apiKey is missing; is MANDRILL_API_KEY set in the environment?' }
  // No request can carry others.
  if (/[^\x21-\x7e]/.test(key)) {
    return {
      lack: 'mandrill({…}): apiKey has characters that no key has; copy MANDRILL_API_KEY anew',
    }
  }
  return { key }
}

/** The keys of signatures; none where they are missing. */
export function webhookKeysOf({ webhookKeys }: CheckedMandrillOptions): string[] {
  return webhookKeys ?? process.env['MANDRILL_WEBHOOK_KEYS']?.split(/[\s,]+/).filter(Boolean) ?? []
}
