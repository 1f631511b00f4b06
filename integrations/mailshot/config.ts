import { z } from 'zod'
import { abuseOption } from './abuse/options.ts'
import { bouncesOption } from './bounce/options.ts'
import { isLanguageTag } from './campaign/language-tag.ts'
import { proxiesOption } from './client-address/options.ts'
import { emailAddress, keysMatch, localizedText, mailbox } from './config/values.ts'
import { MailshotError } from './error.ts'
import { guardOption, refusalsOption } from './event/options.ts'
import { listOption } from './list/options.ts'
import { domainsOption, hoursOption, isTimeZone, paceOption, rampOption } from './pace/options.ts'
import { fieldOption } from './profile/options.ts'
import { signUpOption } from './subscriber/options.ts'
import { textsOption } from './texts/option.ts'
import { privacyOption } from './privacy/options.ts'
import { keepDetailsOption, trackingOption, utmOption } from './tracking/options.ts'
import { resolveTransports, transportMistakes } from './route.ts'
import {
  type NamedTransport,
  sendersOption,
  transportOption,
  transportsOption,
} from './route/options.ts'
import { segmentMistakes } from './segment.ts'
import type { Transport } from './transport.ts'

export { MailshotError } from './error.ts'
export type { ListMember, ReadMembers } from './list/options.ts'

const basePath = z
  .string()
  .regex(/^\/[\w/-]*[\w-]$/, 'must start with a slash and not end with one')

const options = z.strictObject({
  /** The public address of the site, for every link in a mail: `https://example.org`. */
  site: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  /** The proxies before the site, which say whom they were asked by: `['127.0.0.1', '10.0.0.0/8']`, `[]` for none: docs/abuse.md. */
  proxies: proxiesOption.optional(),
  /** Where the site's mailshot pages live below it. */
  base: basePath.default('/mailshot'),
  /** Where they lived before: the links of mails that were sent then lead there, and go on working: `['/mailshot']`. */
  formerBases: z.array(basePath).default([]),
  /** Where the public archive of what was sent lives; `false` for none. */
  archive: z
    .union([
      z.string().regex(/^\/[\w/-]*[\w-]$/, 'must start with a slash and not end with one'),
      z.literal(false),
    ])
    .default('/newsletters'),
  /** Whether the site's addresses end with a slash: as `trailingSlash: 'always'` in astro.config. */
  trailingSlash: z.boolean().default(false),
  /**
   * An Astro component, from the project's root, that wraps the pages readers meet in the site's own design. It gets
   * `title`, `lang`, `dir` and `description`, and the page in its default slot. Without one they have a plain design of
   * their own.
   */
  pageLayout: z.string().optional(),
  /** The name of the newsletter, shown at the top and the bottom of each mail. */
  title: localizedText,
  /** The sender of campaigns, letters and test mails, unless a list or a campaign names another. */
  from: mailbox,
  replyTo: mailbox.optional(),
  /** Where bounces return to (the envelope sender); the sender's address by default. */
  returnPath: emailAddress.optional(),
  /** Bounces and complaints by mail: `{ address: 'bounces@news.example.org', imap: { … } }`. */
  bounces: bouncesOption.optional(),
  /** Who is told when a send starts, is held, pauses and ends. The sender by default. */
  operator: emailAddress.optional(),
  /** The sender's postal address, which anti-spam laws ask for at the foot of every mail. */
  postalAddress: z.string().min(1),
  /** The language of readers who named none, and the variant used when theirs is missing. */
  lang: z
    .string()
    .refine(isLanguageTag, { error: 'is not a language; write it like fr or pt-BR' })
    .default('en'),
  /** The zone of times written without one: `send: 2026-12-01 09:00`. */
  timeZone: z
    .string()
    .default('UTC')
    .refine(isTimeZone, { error: 'is not a time zone; write it like Europe/Paris' }),
  /** `file:data/mailshot.db`, `libsql://…` or `https://…`. `MAILSHOT_DATABASE_URL` wins over it. */
  database: z.string().default('file:data/mailshot.db'),
  /** Signs the links in mails; at least 32 characters, from the environment. Newest first when rotating. */
  secret: z.union([z.string(), z.array(z.string())]).optional(),
  /** Whether those who leave by themselves get a mail that says so, and how to come back, some minutes later. */
  goodbye: z.boolean().default(true),
  /** The site's own wording of any text of ours: `{ fr: { pages: { form: { button: 'Je m’abonne' } } } }`. */
  texts: textsOption.default({}),
  /** The folder of campaigns, from the project's root. */
  campaigns: z.string().default('campaigns'),
  lists: z.record(z.string(), listOption).superRefine(keysMatch(/^[a-z][a-z0-9_-]*$/)),
  /** The subscribers' own attributes, usable as merge fields, and what sign-up forms ask: docs/forms.md. */
  fields: z
    .record(z.string(), fieldOption)
    .superRefine(keysMatch(/^[a-z][a-z0-9_]*$/))
    .default({}),
  /** Where people may sign up beside this site's own pages: `{ origins: ['https://shop.example.org'] }`; docs/forms.md. */
  signUp: signUpOption.prefault({}),
  /**
   * Conditions on readers, by name: `{ lyon: 'city = Lyon and opened within 90 days' }`. A campaign says `segment: lyon` or
   * `exclude: [lyon]` in its front matter; docs/segments.md has the language.
   */
  segments: z
    .record(z.string(), z.string())
    .superRefine(keysMatch(/^[a-z][a-z0-9_-]*$/))
    .default({}),
  /** The way out for campaigns. */
  transport: transportOption.optional(),
  /**
   * Several ways out instead, by name, the default one first: `{ main: smtp({ … }), bulk: { use: mailjet(), pace: '20000/hour' } }`.
   * A campaign goes by the one that it, its list or `senders` names.
   */
  transports: transportsOption.optional(),
  /** Which transport a sender's campaigns go by: `{ 'news@example.org': 'bulk', 'shop.example.org': 'main' }`. */
  senders: sendersOption.prefault({}),
  /** The way out for letters (confirmations, alarms), when it is not the (default) transport of campaigns. It has no fallback. */
  mailer: transportOption.optional(),
  /** `'5000/day'`, several limits at once, or `'fast'`. */
  pace: paceOption.prefault('fast'),
  /** A pace for each recipient domain that has one of its own: `{ 'gmail.com': '500/hour' }`. */
  domains: domainsOption.prefault({}),
  /** For a new address or provider: `{ start: 500, factor: 2 }` mails the first day, twice as many each day after. */
  ramp: rampOption.optional(),
  /** When campaigns may be mailed: `{ from: '09:00', to: '19:00', days: ['mon', 'tue'] }`. Always by default. */
  hours: hoursOption.optional(),
  /**
   * The share of limits per hour and per day kept for letters that a person waits for, of those by domain too. A fifth of it stays free;
   * the rest is lent to campaigns while as many slots come back within a twelfth of the window. Of shorter limits, and of small ones
   * (below 100 by default), nothing stays free: a letter has the next slot.
   */
  letterReserve: z.number().min(0).max(0.5).default(0.05),
  /** How often a recipient's temporary refusal is tried before it counts as failed. */
  maxTries: z.int().min(1).max(20).default(5),
  /** From how much on refusals and complaints end what an address gets: `{ hard: 2, soft: false }`. */
  refusals: refusalsOption.prefault({}),
  /** When a send is stopped to be looked at: `{ hardBounces: 3 }` (per cent); `false` for never. */
  guard: z.union([guardOption, z.literal(false)]).prefault({}),
  /** How opens and clicks are counted, where a campaign asks for it: `{ individual: true }` asks readers for their names. */
  tracking: trackingOption.prefault({}),
  /** UTM tags for the links of campaigns: `{ source: 'weekly', hosts: 'all' }`; `{}` for the usual ones. None by default. */
  utm: utmOption.optional(),
  /** For how many months it is kept who got a send, and what was reported of them. For ever by default. */
  keepDetails: keepDetailsOption.optional(),
  /** What is kept of people, and for how long: `{ ip: 'none', keepUnconfirmedDays: 14, keepLeftMonths: 12 }`. */
  privacy: privacyOption.prefault({}),
  /** What keeps robots, slips and floods away from the public forms: `{ limits: { client: '5/hour' }, disposable: 'refuse' }`. */
  abuse: abuseOption.prefault({}),
  /** A planned start that is later than this is held, and the operator told. */
  lateAfterHours: z.number().positive().default(2),
  /** How long a silent worker keeps what it claimed. */
  leaseSeconds: z.int().min(5).max(3600).default(60),
  /** Mail again by itself what was in hand when a worker died: nobody of them is missed, and whoever got it already gets it twice. */
  resendUncertain: z.boolean().default(false),
  /**
   * Where providers reach this site, if it is not at `site` and `base`: `{ base: 'https://hooks.example.org/mailshot' }`, which
   * your proxy sends on. `false`: `mailshot webhooks` registers none.
   */
  webhooks: z
    .union([
      z.literal(false),
      z.strictObject({
        base: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
      }),
    ])
    .optional(),
  /** Send everything to this one address instead: staging. */
  redirectTo: emailAddress.optional(),
  /** Send nothing. */
  hold: z.boolean().default(false),
})

const schema = options.superRefine((given, context) => {
  for (const { path, message } of [...transportMistakes(given), ...segmentMistakes(given)]) {
    context.addIssue({ code: 'custom', path, message })
  }
})

/** What a site writes. Every option is documented at its schema above. */
export type MailshotConfigInput = z.input<typeof schema>
type Parsed = z.output<typeof schema>
export type ListConfig = Parsed['lists'][string]
export type FieldConfig = Parsed['fields'][string]
/** What the code gets: checked, defaults filled in, environment applied. */
export interface MailshotConfig extends Omit<
  Parsed,
  'secret' | 'operator' | 'returnPath' | 'transport' | 'transports'
> {
  secrets: string[]
  /** The only one, or the default one. */
  transport: Transport
  /** Where there are several: all of them, the default one first, whose limits are the site's. */
  transports: Record<string, NamedTransport> | undefined
  operator: string
  returnPath: string
  databaseToken: string | undefined
}

/**
 * Checks a site's settings and fills in the defaults. `MAILSHOT_SECRET` (several, comma-separated, newest first),
 * `MAILSHOT_DATABASE_URL`, `MAILSHOT_DATABASE_TOKEN`, `MAILSHOT_REDIRECT_TO` and `MAILSHOT_HOLD` come from the
 * environment.
 *
 * @throws MailshotError that lists every wrong option
 */
export function defineConfig(input: MailshotConfigInput): MailshotConfig {
  const { MAILSHOT_REDIRECT_TO, MAILSHOT_HOLD, MAILSHOT_SECRET, ...environment } = process.env
  const result = schema.safeParse({
    ...input,
    ...(environment['MAILSHOT_DATABASE_URL'] && {
      database: environment['MAILSHOT_DATABASE_URL'],
    }),
    ...(MAILSHOT_REDIRECT_TO && { redirectTo: MAILSHOT_REDIRECT_TO }),
    ...(MAILSHOT_HOLD && MAILSHOT_HOLD !== '0' && { hold: true }),
  })
  if (!result.success) {
    throw new MailshotError(`mailshot.config.ts is wrong:\n${z.prettifyError(result.error)}`)
  }
  const { secret, operator, returnPath, ...config } = result.data
  return {
    ...config,
    ...transportsIn(config),
    secrets: [secret ?? MAILSHOT_SECRET?.split(',') ?? []]
      .flat()
      .map((one) => one.trim())
      .filter((one) => one !== ''),
    operator: operator ?? config.from.address,
    returnPath: returnPath ?? config.from.address,
    databaseToken: environment['MAILSHOT_DATABASE_TOKEN'],
  }
}

function transportsIn({
  transport,
  transports: given,
  pace,
  ramp,
  hours,
}: Pick<Parsed, 'transport' | 'transports' | 'pace' | 'ramp' | 'hours'>): Pick<
  MailshotConfig,
  'transport' | 'transports' | 'pace' | 'ramp' | 'hours'
> {
  const transports = given && resolveTransports(given, { pace, ramp, hours })
  const [first] = Object.values(transports ?? {})
  if (first) {
    const { fallback: _, ...own } = first
    return { ...own, transports }
  }
  if (!transport) throw new Error('the settings name no transport')
  return { transport, pace, ramp, hours, transports: undefined }
}

/** Picks a text for a language: its own, its primary language's, the site's default, else the first one written. */
export function localize(
  text: string | Record<string, string>,
  lang: string,
  fallback: string,
): string {
  if (typeof text === 'string') return text
  const [primary = ''] = lang.split('-')
  // A reader's language is any word they sent us, "constructor" included.
  const best = [lang, primary, fallback].find((one) => Object.hasOwn(text, one))
  return text[best ?? ''] ?? Object.values(text)[0] ?? ''
}
