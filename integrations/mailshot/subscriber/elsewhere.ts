import { type MailshotConfig, localize } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import { boxWording } from '../pages/box.ts'
import { cutAddress } from '../privacy/client.ts'
import { languageOfTexts } from '../reader-language.ts'
import { inSameTime } from '../same-time.ts'
import { subscribe, type SubscribeProblem } from '../subscriber.ts'
import type { AgreedField } from './ask.ts'

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
}

export type AskedElsewhere =
  /** Whatever is known of the address: who needs to confirm gets a mail. */
  { status: 'asked' } | { status: 'invalid'; problems: SubscribeProblem[] }

/**
 * Asks for lists on behalf of somebody who ticked a box in another form. It always waits for the click in a confirmation, also where
 * the lists need none: that form has not checked whose address it is. Asking again is one ask.
 */
export async function askElsewhere(
  mailshot: Mailshot,
  request: ElsewhereRequest,
): Promise<AskedElsewhere> {
  const { config } = mailshot
  const { email, lists, name = '', attributes = {}, form, userAgent } = request
  const lang = languageOfTexts(config, request.lang)
  const ip = request.ip === undefined ? undefined : cutAddress(request.ip, config.privacy.ip)
  const open = lists.filter((list) => config.lists[list]?.public === true)
  return inSameTime(mailshot, async () => {
    const result = await subscribe(mailshot, {
      email,
      name,
      lang: request.lang || lang,
      lists,
      attributes,
      confirmation: 'always',
      consent: {
        source: 'api',
        form: form.slice(0, 200),
        wording: request.wording ?? boxWording(config, open, lang),
        fields: agreedFields(config, attributes, lang),
        ...(ip !== undefined && { ip }),
        ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 300) }),
      },
    })
    return result.status === 'invalid' ? result : { status: 'asked' }
  })
}

function agreedFields(
  { fields, lang: fallback }: MailshotConfig,
  attributes: NonNullable<ElsewhereRequest['attributes']>,
  lang: string,
): AgreedField[] {
  return Object.entries(fields).flatMap(([field, { type, label }]) =>
    type === 'consent' && attributes[field] === true
      ? [{ field, wording: localize(label ?? field, lang, fallback) }]
      : [],
  )
}
