import { z } from 'zod'
import { isLanguageTag } from '../campaign/language-tag.ts'
import { slugPattern } from '../campaign/slug.ts'
import { escapes } from '../compile/escape.ts'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import { earliest, latest } from '../send/time.ts'

/** What `POST api/sends` takes: a campaign as it was compiled, its images, and how to send it. */
export type StartRequest = z.input<typeof schema>
export type ParsedStart = z.output<typeof schema>

/**
 * Reads the body of a start. Every key must be known, so that nothing somebody asked for is left out.
 *
 * @throws MailshotError that says where it is wrong
 */
export function parseStart(json: unknown): ParsedStart {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const { issues } = result.error
  const isForeign = issues.some(({ path }) => path[0] === 'campaign' || path[0] === 'media')
  throw new MailshotError(
    [
      'the body is not what a start takes:',
      ...issues.slice(0, 5).map(placed),
      ...(isForeign ? ['let the job and the site run the same version of mailshot'] : []),
    ].join('\n'),
    { code: 'invalid' },
  )
}

// Liquid's delimiters in a prepared template: what holds them would become code.
const text = z.string().refine((value) => !/[\uFDD0-\uFDEF]/.test(value), {
  error: 'holds characters that no text has',
})
const part = z.union(
  [text, z.strictObject({ output: text, escape: z.enum(escapes) }), z.strictObject({ tag: text })],
  { error: `is neither a text, { tag }, nor { output, escape: ${escapes.join(' | ')} }` },
)
const template = z.array(part)

const lang = z.string().refine(isLanguageTag, 'is not a language')

const variant = z.strictObject({
  lang,
  dir: z.enum(['ltr', 'rtl']),
  subject: template,
  preheader: template,
  html: template,
  text: template,
  size: z.int().min(0),
})

const page = z.strictObject({ kind: z.enum(['content', 'mail']), html: template })

const mailbox = z.strictObject({
  // oxlint-disable-next-line no-control-regex -- a control character in a name could end the header line
  name: z.string().regex(/^[^\u0000-\u001f\u007f]*$/, 'holds control characters'),
  address: z.string().refine((value) => parseEmailAddress(value)?.written === value, {
    error: 'is not an e-mail address',
  }),
})

const notTime = 'is neither a time like 2026-12-01T08:00:00Z nor milliseconds since 1970'

const moment = z.int().min(earliest, notTime).max(latest, notTime)

const campaign = z
  .strictObject({
    slug: z.string().max(200).regex(slugPattern, 'is not a slug'),
    hash: z.string().regex(/^[0-9a-f]{64}$/, 'is not a content hash'),
    lists: z.array(z.string()),
    segment: z.string().optional(),
    exclude: z.array(z.string()).optional(),
    send: z.union([
      z.enum(['manual', 'on-merge']),
      z.strictObject({
        at: moment,
        local: z
          .string()
          .regex(
            /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/,
            'is not a local time like 2026-12-01T09:00:00',
          )
          .optional(),
      }),
    ]),
    until: moment.optional(),
    archive: z.boolean(),
    track: z.strictObject({ opens: z.boolean(), clicks: z.boolean() }),
    from: mailbox.nullable(),
    replyTo: mailbox.nullable(),
    transport: z.string().max(100).optional(),
    fallback: lang,
    links: z.array(text).optional(),
    images: z.array(z.string()),
    variants: z.record(lang, variant),
    pages: z.record(lang, page),
  })
  .superRefine(({ variants, pages, fallback }, context) => {
    const wrong = (message: string, ...path: string[]) =>
      context.addIssue({ code: 'custom', message, path })
    if (!Object.hasOwn(variants, fallback)) wrong('has no variant', 'fallback')
    for (const [key, { lang: own }] of Object.entries(variants)) {
      if (own !== key) wrong(`is not ${key}`, 'variants', key, 'lang')
    }
    for (const key of Object.keys(pages)) {
      if (!Object.hasOwn(variants, key)) wrong('has no variant', 'pages', key)
    }
  })

const types: Record<string, string> = { jpg: 'image/jpeg', png: 'image/png', gif: 'image/gif' }

const file = z
  .strictObject({
    hash: z.string().regex(/^[0-9a-f]{32}$/, 'is not the hash of an image'),
    type: z.string(),
    ext: z.string(),
    /** In base64. */
    bytes: z.string().transform(decode),
  })
  .refine(({ type, ext }) => Object.hasOwn(types, ext) && types[ext] === type, {
    error: 'is no jpg, png or gif with the type of its ending',
  })

/** A time as requests say it: ISO 8601 with its zone, or milliseconds since 1970. */
export const time = z.union(
  [
    // Seconds would be a day in 1970.
    z.int().min(1e12, notTime).max(latest, notTime),
    z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso)),
  ],
  { error: notTime },
)

const schema = z.strictObject({
  /** The public address that links and images were made for. */
  site: z.string(),
  campaign,
  /** Images that the site may not have yet. */
  media: z.array(file),
  /** The Git commit that the campaign was compiled from. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/, 'is not the hash of a commit')
    .optional(),
  /** Instead of the campaign's own. */
  lists: z.array(z.string()).optional(),
  segment: z.string().optional(),
  exclude: z.array(z.string()).optional(),
  /** When; by default what the campaign says, else now. */
  at: time.optional(),
  audience: z.enum(['first', 'again', 'all']).optional(),
  /** A send to this one subscriber. */
  onlyTo: z.string().optional(),
  /** The id of a send of the campaign that has not started, whose place this takes. */
  replaces: z.string().optional(),
})

/** Strictly: what Node reads leniently would be stored otherwise than it was posted. */
function decode(base64: string, context: z.RefinementCtx): Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length > 0 && bytes.toString('base64') === base64) return bytes
  context.addIssue('is not base64')
  return z.NEVER
}

/** `campaign.variants.fr.html[3]: is neither …` */
function placed({ path, message }: z.core.$ZodIssue): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return `${place.join('').replace(/^\./, '') || 'the body'}: ${message}`
}
