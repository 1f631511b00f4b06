import type { AttributeValue } from '../../../db/schema.ts'
import { flagDisposable } from '../abuse/disposable.ts'
import { countAttempt } from '../abuse/limit.ts'
import { type MailshotConfig, localize } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import { cutAddress } from '../privacy/client.ts'
import { readProfile } from '../profile.ts'
import { languageOfTexts } from '../reader-language.ts'
import { inSameTime } from '../same-time.ts'
import {
  problemsWith,
  subscribe,
  type SubscribeProblem,
  type SubscribeRequest,
} from '../subscriber.ts'
import type { AgreedField } from '../subscriber/ask.ts'
import { textsFor } from '../texts.ts'
import { doubtAddress } from './address-doubt.ts'
import { boxWording } from './box.ts'

/** What a form that is not ours says of somebody who ticked the box for our lists. */
export interface ElsewhereRequest {
  email: string
  lists: string[]
  name?: string | undefined
  lang?: string | undefined
  attributes?: Record<string, string | number | boolean> | undefined
  /** Which form it was: `registration`, `/blog/a-post`. */
  form: string
  /** The words beside the box, where they are not those of our own. */
  wording?: string | undefined
  ip?: string | undefined
  userAgent?: string | undefined
  /** Who asks, for the audit. */
  actor?: string
}

export type AskedElsewhere =
  /** Whatever is known of the address: who needs to confirm gets a mail. */
  | { status: 'asked' }
  | { status: 'invalid'; problems: SubscribeProblem[] }
  /** For this address, its domain, this `ip`, or in all; it may be asked again then (ms). */
  | { status: 'too-many'; againAt: number }

/**
 * Asks for lists on behalf of somebody who ticked a box in another form. It always waits for the click in a confirmation, also where
 * the lists need none: that form has not checked whose address it is. Asking again is one ask. It is counted as our own forms are, and
 * what those require is required here.
 */
export async function askElsewhere(
  mailshot: Mailshot,
  request: ElsewhereRequest,
): Promise<AskedElsewhere> {
  const asked = requestFor(mailshot.config, request)
  const problems = [
    ...problemsWith(mailshot, asked),
    ...missingFields(mailshot.config, request, asked.consent.fields),
    ...missingWording(mailshot.config, request),
    ...(await doubtOf(mailshot.config, request)),
  ]
  if (problems.length > 0) return { status: 'invalid', problems }
  const againAt = await countAttempt(mailshot, { client: request.ip, emails: [request.email] })
  if (againAt !== undefined) return { status: 'too-many', againAt }
  return inSameTime(mailshot, async () => {
    const result = await subscribe(mailshot, asked)
    if ('subscriberId' in result) await flagDisposable(mailshot, result.subscriberId, asked.email)
    return { status: 'asked' }
  })
}

function requestFor(config: MailshotConfig, request: ElsewhereRequest) {
  const { email, name = '', attributes = {}, form, userAgent } = request
  const lists = [...new Set(request.lists)]
  const lang = languageOfTexts(config, request.lang)
  const { profile } = readProfile(config.fields, { attributes })
  const ip = request.ip === undefined ? undefined : cutAddress(request.ip, config.privacy.ip)
  const open = lists.filter((list) => config.lists[list]?.public === true)
  return {
    email,
    name,
    lang: request.lang || lang,
    lists,
    attributes,
    confirmation: 'always',
    consent: {
      source: 'api',
      ...(request.actor !== undefined && { actor: request.actor }),
      form: form.slice(0, 200),
      wording: request.wording ?? boxWording(config, open, lang),
      fields: agreedFields(config, profile.attributes, lang),
      ...(ip !== undefined && { ip }),
      ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 300) }),
    },
  } satisfies SubscribeRequest
}

/** Whether it was a slip cannot be asked back; what our own forms refuse is refused in words for the person. */
async function doubtOf(
  config: MailshotConfig,
  { email, lang }: ElsewhereRequest,
): Promise<SubscribeProblem[]> {
  const texts = textsFor(config, languageOfTexts(config, lang))
  const doubt = await doubtAddress(config, texts, { email, isChosen: true })
  return doubt ? [{ field: 'email', text: doubt.text }] : []
}

/** What our own forms would not go on without. */
function missingFields(
  { fields }: MailshotConfig,
  { attributes: given = {} }: ElsewhereRequest,
  agreed: readonly AgreedField[],
): SubscribeProblem[] {
  return Object.entries(fields).flatMap(([name, { type, form }]) => {
    const isGiven = String(given[name] ?? '').trim() !== ''
    const isRefused = type === 'consent' && !agreed.some(({ field }) => field === name)
    if (form !== 'required' || (isGiven && !isRefused)) return []
    const text = `${name}: ${isGiven ? 'is not agreed to' : 'is missing'}, which forms require (form: 'required' in mailshot.config.ts)`
    return [{ field: 'profile', text }]
  })
}

/** Our own words beside a box are for lists that anybody may get. */
function missingWording(
  config: MailshotConfig,
  { lists, wording }: ElsewhereRequest,
): SubscribeProblem[] {
  const closed = lists.find((list) => config.lists[list]?.public === false)
  if (closed === undefined || wording !== undefined) return []
  const text = `wording: is missing; "${closed}" is no public list, so send the words beside your box`
  return [{ field: 'profile', text }]
}

/** The boxes with words of their own that were ticked. */
function agreedFields(
  { fields, lang: fallback }: MailshotConfig,
  attributes: Readonly<Record<string, AttributeValue>>,
  lang: string,
): AgreedField[] {
  return Object.entries(fields).flatMap(([field, { type, label }]) =>
    type === 'consent' && attributes[field] === true
      ? [{ field, wording: localize(label ?? field, lang, fallback) }]
      : [],
  )
}
