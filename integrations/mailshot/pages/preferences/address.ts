import { parseEmailAddress } from '../../email-address.ts'
import type { Mailshot } from '../../mailshot.ts'
import { inSameTime } from '../../same-time.ts'
import type { Person } from '../../subscriber.ts'
import { askNewAddress } from '../../subscriber/address.ts'
import type { Texts } from '../../texts.ts'
import { addressIn, doubtAddress } from '../address-doubt.ts'
import { refuseTooMany } from '../too-many.ts'
import type { Typed } from './view.ts'

/** Asks for another address; or answers what is wrong with it, which counts nothing. */
export async function askAddress(
  mailshot: Mailshot,
  request: Request,
  { person, texts, form }: { person: Person; texts: Texts; form: FormData },
): Promise<Typed | Response | undefined> {
  const { email: written, isChosen } = addressIn(form)
  const email = written.trim().slice(0, 320)
  const { form: general, preferences } = texts.pages
  const wrong = (text: string): Typed => ({ problems: [{ field: 'email', text }], email })
  const address = parseEmailAddress(email)
  if (!address) return wrong(email === '' ? general.noEmail : general.wrongEmail)
  if (address.identity === person.email) return wrong(preferences.address.same)
  const doubt = await doubtAddress(mailshot.config, texts, { email, isChosen })
  if (doubt) return { ...wrong(doubt.text), suggestion: doubt.suggestion }
  const tooMany = await refuseTooMany(mailshot, request, { emails: [email], lang: texts.lang })
  if (tooMany) return tooMany
  const { status } = await inSameTime(mailshot, () =>
    askNewAddress(mailshot, { subscriberId: person.id, email }),
  )
  switch (status) {
    case 'invalid':
      return wrong(general.wrongEmail)
    case 'same':
      return wrong(preferences.address.same)
    case 'too-often':
      return wrong(preferences.address.tooOften)
    case 'asked':
    case 'unknown':
      return undefined
  }
}
