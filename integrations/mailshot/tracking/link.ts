import type { CompiledCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import type { Tracking } from '../message/tracked.ts'
import { sendIdNumbers, sendIdOf } from '../send/id.ts'
import { linkTo, signToken, verifyToken } from '../token.ts'
import type { Transport } from '../transport.ts'

/** What a pixel or a link of ours says: of which send it is, which link, and whose, where a reader is counted by name. */
export interface TrackedLink {
  sendId: string
  /** The place of the link in the campaign's `links`; 0 for a pixel. */
  link: number
  /** 0 where it is the same for all readers. */
  recipientId: number
  /** Which mail of that reader: 0 for the first. */
  resend: number
}

/**
 * The addresses that count the opens and clicks of a recipient's mail; undefined where the campaign asks for none, or the transport
 * has its own. They are the recipient's own only where readers may be counted by name and this one has agreed to it.
 */
export function trackingOf(
  config: MailshotConfig,
  { campaign, transport = config.transport }: { campaign: CompiledCampaign; transport?: Transport },
  recipient: Reader & { isTracked?: boolean },
): Tracking | undefined {
  const { opens, clicks } = campaign.track
  if ((!opens && !clicks) || transport.tracks) return undefined
  const isNamed = config.tracking.individual && recipient.isTracked === true
  const make = () => makeTracking(config, campaign, { ...recipient, isNamed })
  return isNamed ? make() : shared(campaign, recipient.sendId, make)
}

/** Those that all readers of a send share, which prepared templates hang on. */
const known = new WeakMap<CompiledCampaign, Map<string, Tracking | undefined>>()

function shared(
  campaign: CompiledCampaign,
  sendId: string,
  make: () => Tracking | undefined,
): Tracking | undefined {
  const ofCampaign = known.get(campaign) ?? new Map<string, Tracking | undefined>()
  known.set(campaign, ofCampaign)
  if (!ofCampaign.has(sendId)) ofCampaign.set(sendId, make())
  return ofCampaign.get(sendId)
}

function makeTracking(
  config: MailshotConfig,
  { track, links = [] }: CompiledCampaign,
  { id, sendId, resend = 0, isNamed }: Reader & { isNamed: boolean },
): Tracking | undefined {
  const send = sendIdNumbers(sendId)
  if (!send) return undefined
  // Nearly all are first mails, whose links are the shorter.
  const ofReader = resend > 0 ? [id, resend] : [id]
  const own = isNamed ? ofReader : []
  const address = (page: 'open' | 'click', numbers: number[]) =>
    linkTo(config, page, signToken(config.secrets, page, numbers))
  const clicks = links.map((url, link) => [url, address('click', [...send, link, ...own])] as const)
  return {
    isShared: !isNamed,
    open: track.opens ? address('open', [...send, 0, ...own]) : undefined,
    clicks: new Map(track.clicks ? clicks : []),
  }
}

/** Whose mail it is, and which of that reader's. */
interface Reader {
  id: number
  sendId: string
  resend?: number
}

/** What the token of a pixel or a link says; undefined for one that was not made here. */
export function readTrackedLink(
  config: MailshotConfig,
  page: 'open' | 'click',
  token: string,
): TrackedLink | undefined {
  const verified = verifyToken(config.secrets, page, token, 0)
  if ('refused' in verified || verified.ids.length < 3) return undefined
  const [seconds = 0, chance = 0, link = 0, recipientId = 0, resend = 0] = verified.ids
  return { sendId: sendIdOf([seconds, chance]), link, recipientId, resend }
}
