import type { CompiledCampaign } from '../compile.ts'
import { oneLine } from '../compile/escape.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { listOf } from '../list/former.ts'
import type { Reader } from '../message.ts'

/** The headers that make a campaign's mail a newsletter, to mail services and to the people who leave it. */
export function campaignHeaders(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  sendId: string,
): Record<string, string> {
  const { feedbackId, listId } = sharedValues(config, campaign, reader, sendId)
  const headers: Record<string, string> = {
    // RFC 2369 §3.2 and RFC 8058 §3.1: a POST to this address leaves at once.
    'List-Unsubscribe': waysToLeave(reader),
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    Precedence: 'bulk',
    'Feedback-ID': feedbackId,
  }
  if (listId !== undefined) headers['List-Id'] = listId
  return headers
}

/** RFC 2369 §2: by preference. RFC 8058 §3.1 lets an address stand beside the one-click link. */
function waysToLeave({ urls }: Reader): string {
  if (urls.leaveByMail === undefined) return `<${urls.unsubscribe}>`
  return `<${urls.unsubscribe}>, <mailto:${urls.leaveByMail}?subject=unsubscribe>`
}

interface SharedValues {
  /** Gmail counts complaints by these; nothing in them is about the reader. */
  feedbackId: string
  listId: string | undefined
}

/** The same for all readers of a send who have the list and the language in common. */
const values = new WeakMap<
  CompiledCampaign,
  { config: MailshotConfig; known: Map<string, SharedValues> }
>()

function sharedValues(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  sendId: string,
): SharedValues {
  let shared = values.get(campaign)
  if (shared?.config !== config) values.set(campaign, (shared = { config, known: new Map() }))
  const list = reader.lists[0]
  const key = `${sendId} ${reader.lang} ${list ?? ''}`
  const known = shared.known.get(key)
  if (known) return known
  const host = new URL(config.site).hostname
  const made = {
    feedbackId: `${campaign.slug}:${list ?? 'none'}:${sendId}:${host}`,
    listId: list === undefined ? undefined : `${listTitle(config, reader)} <${list}.${host}>`,
  }
  // A reader's language is any word they sent us.
  if (shared.known.size >= mostKnown) shared.known.clear()
  shared.known.set(key, made)
  return made
}

const mostKnown = 1000

/** The public title of the list that brings the mail, in the reader's language; without a list, the site's. */
export function listTitle(config: MailshotConfig, reader: Reader): string {
  const title = listOf(config, reader.lists[0] ?? '')?.title ?? config.title
  return oneLine(localize(title, reader.lang, config.lang)).replace(/[<>]/g, '')
}
