// `astro-mailshot/sign-up`: for the site's own code that handles its own forms.
import { clientAddress } from './client-address.ts'
import { readBoxes } from './pages/box.ts'
import { type AskedElsewhere, askElsewhere, type ElsewhereRequest } from './pages/elsewhere.ts'
import { languageOfTexts } from './reader-language.ts'
import { siteMailshot } from './server.ts'

export type { AskedElsewhere, ElsewhereRequest } from './pages/elsewhere.ts'

/** Of the person; what the boxes say comes with the form. */
export type TickedBy = Pick<ElsewhereRequest, 'email' | 'name' | 'attributes' | 'form'> & {
  /** The request that the form came with, for limits, and for what the settings keep of it with the consent. */
  request?: Request
}

/**
 * Asks for the lists whose `<SubscribeBox />` was ticked in a form of the site's own. Call it once that form has been taken. It answers
 * the same whatever is known of the address; `invalid` where that is none, an attribute is not what the config says, or one is missing
 * that it says is required; and `too-many` where that is too often, until `againAt` (ms).
 */
export async function subscribeTicked(
  form: FormData,
  { request, ...person }: TickedBy,
): Promise<AskedElsewhere | { status: 'not-ticked' }> {
  const mailshot = await siteMailshot()
  const { config } = mailshot
  const { lists, lang } = readBoxes(config, form)
  if (lists.length === 0) return { status: 'not-ticked' }
  const known = languageOfTexts(config, lang)
  const ip = request && clientAddress(config, request)
  const userAgent = request?.headers.get('user-agent') ?? undefined
  return askElsewhere(mailshot, { ...person, lists, lang: known, ip, userAgent, actor: 'page' })
}
