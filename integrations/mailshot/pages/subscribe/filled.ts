import type { AttributeValue } from '../../../../db/schema.ts'
import type { MailshotConfig } from '../../config.ts'
import { parseEmailAddress } from '../../email-address.ts'
import type { Mailshot } from '../../mailshot.ts'
import { readerLanguage } from '../../reader-language.ts'
import { textsFor } from '../../texts.ts'
import { type AddressDoubt, addressIn, doubtAddress } from '../address-doubt.ts'
import { readFields } from '../field.ts'
import { fieldOf, fieldsOf } from '../form.ts'
import { pagePath } from '../link.ts'
import { chosenLists, publicListsOf, signUp, type SignUp, type SignUpProblem } from '../sign-up.ts'
import { openSince } from '../trap.ts'

/** A sign-up form as somebody sent it. */
export interface FilledSignUp {
  filled: SignUp
  /** Nothing that was asked for can be had any more. */
  isClosed: boolean
  /** What it says of the site's own fields. */
  attributes: Record<string, AttributeValue>
}

/**
 * The form as it was filled in, wherever it stood. What it claims to offer is only what anyone may sign up to; and one that is older than
 * the settings chooses nothing but what it showed.
 */
export async function readSignUp(
  mailshot: Mailshot,
  request: Request,
  form: FormData,
): Promise<FilledSignUp> {
  const { config } = mailshot
  const lang = readerLanguage(config, request, [fieldOf(form, 'lang')])
  const asking = { config, texts: textsFor(config, lang) }
  const { fields, attributes, problems } = readFields(asking, form, { required: true })
  const address = addressIn(form)
  const empty = signUp(config, {
    lang,
    form: standsAt(config, request, fieldOf(form, 'form')),
    asksName: form.has('name'),
    fields: [],
  })
  const { offered, isClosed } = choiceIn(config, form, empty)
  const doubt = await doubtAddress(config, asking.texts, address)
  const filled = {
    ...empty,
    offered,
    fields,
    email: address.email.slice(0, 320),
    name: fieldOf(form, 'name').slice(0, 200),
    since: openSince(config, mailshot.now(), true),
    suggestion: doubt?.suggestion,
  }
  const wrong = problemsOf(filled, { isClosed, doubt })
  return { filled: { ...filled, problems: [...wrong, ...problems] }, isClosed, attributes }
}

/** A form that names no list at all has shown the only one there is. */
function choiceIn(
  config: MailshotConfig,
  form: FormData,
  { offered: all }: SignUp,
): Pick<SignUp, 'offered'> & { isClosed: boolean } {
  const publicLists = publicListsOf(config)
  const claimed = fieldsOf(form, 'offered')
  const chosen = fieldsOf(form, 'list')
  const named = [...claimed, ...chosen]
  if (named.length === 0) return { offered: all, isClosed: false }
  const shown = all.filter(({ id }) => claimed.includes(id))
  const offered = (shown.length > 0 ? shown : all).map((one) => ({
    ...one,
    isChosen: chosen.includes(one.id),
  }))
  const isLost = named.some((list) => !publicLists.includes(list))
  return { offered, isClosed: isLost && !offered.some(({ isChosen }) => isChosen) }
}

/** Where a form stands: with the other site before it, where it is on one. */
function standsAt(config: MailshotConfig, { headers }: Request, form: string): string {
  const origin = headers.get('origin') ?? ''
  const at = config.signUp.origins.includes(origin) ? origin + form.replace(/^[^/].*/, '') : form
  return at.slice(0, 200) || pagePath(config, 'subscribe')
}

/** In the order of the form. */
function problemsOf(
  filled: SignUp,
  { isClosed, doubt }: { isClosed: boolean; doubt: AddressDoubt | undefined },
): SignUpProblem[] {
  const { email, texts } = filled
  const { noEmail, wrongEmail, noList } = texts.pages.form
  const isChosen = isClosed || chosenLists(filled).length > 0
  return [
    ...(isChosen ? [] : [{ field: 'lists' as const, text: noList }]),
    ...(parseEmailAddress(email) === undefined
      ? [{ field: 'email' as const, text: email.trim() === '' ? noEmail : wrongEmail }]
      : []),
    ...(doubt ? [{ field: 'email' as const, text: doubt.text }] : []),
  ]
}
