import type { CompiledCampaign, CompiledVariant } from './compile.ts'
import { escapeValue, oneLine } from './compile/escape.ts'
import type { MailshotConfig } from './config.ts'
import { listOf } from './list/former.ts'
import { campaignHeaders, listTitle } from './message/headers.ts'
import { type Filled, type PreparedTemplate, prepareTemplate, type Scope } from './message/merge.ts'
import { frameOf } from './message/mime.ts'
import { mailOctets } from './message/octets.ts'
import { sampleReader } from './message/sample.ts'
import { namedTemplate, sharedTemplate, type Tracking, trackingScope } from './message/tracked.ts'
import type { Message, Octets } from './transport.ts'

/** Whom a message is composed for. */
export interface Reader {
  /** As written: mail goes to this form. */
  email: string
  name: string
  lang: string
  status: string
  /** Still active lists that selected this reader; the first gives List-Id, sender and its title. */
  lists: string[]
  attributes: Record<string, string | number | boolean>
  urls: {
    unsubscribe: string
    preferences: string
    view: string
    /** For whoever is asked whether they want to stay. */
    stay?: string | undefined
    /** The address that leaves when it is written to. */
    leaveByMail?: string | undefined
  }
}

/** What a message has that is neither the campaign's nor the reader's. */
export interface Composition {
  /** `<send>.<recipient>`. */
  id: string
  envelopeFrom: string
  /** With its angle brackets; the same on every try. */
  messageId: string
  /** How often the operator has had it mailed once more. */
  resend?: number
  /** `[TEST] ` */
  subjectPrefix?: string
  /** The addresses that count its opens and clicks; none where nothing is counted, or the transport does it. */
  tracking?: Tracking | undefined
  /** Where it goes instead; the config's `redirectTo` holds without it. */
  redirectTo?: string
}

/**
 * Composes one reader's mail. Pure but for `mime()`, which dates the mail and keeps its bytes. What the reader's fields
 * hold is data: it is escaped for its place and never read as markup, header or template. What may fail, fails
 * here, not in `mime()`.
 */
export function composeMessage(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  composition: Composition,
): Message {
  const { tracking } = composition
  const { subject, text, ...templates } = templatesFor(campaign, reader.lang)
  const html = tracking ? trackedFor(campaign, reader.lang, tracking) : templates.html
  const scope = scopeOf(config, campaign, reader)
  if (tracking && !tracking.isShared) Object.assign(scope, trackingScope(tracking))
  const [filledHtml, filledText] = [html.fill(scope), text.fill(scope)]
  const redirectTo = composition.redirectTo ?? config.redirectTo
  const list = listOf(config, reader.lists[0] ?? '')
  return composed({
    id: composition.id,
    envelope: { from: composition.envelopeFrom, to: redirectTo ?? reader.email },
    from: campaign.from ?? list?.from ?? config.from,
    to: { name: escapeValue(reader.name, 'header'), address: redirectTo ?? reader.email },
    replyTo: campaign.replyTo ?? list?.replyTo ?? config.replyTo,
    subject: (composition.subjectPrefix ?? '') + oneLine(subject.join(subject.fill(scope))),
    messageId: composition.messageId,
    resend: composition.resend ?? 0,
    headers: headersOf(config, campaign, reader, { id: composition.id, redirectTo }),
    campaign: campaign.slug,
    track: campaign.track,
    bodies: { html, text, filledHtml, filledText, octets: undefined },
  })
}

/** A message whose bodies are what their templates make of a reader's values, once somebody asks. */
interface Composed extends Omit<Message, Asked> {
  bodies: Record<'html' | 'text', PreparedTemplate> &
    Record<'filledHtml' | 'filledText', Filled> & { octets: Octets | undefined }
}
type Asked = 'html' | 'text' | 'parts' | 'octets' | 'mime'

/** With getters of its own, each message would be of a type of its own to V8, and live for long. */
function composed(parts: Composed): Message {
  return Object.assign(Object.create(onDemand), parts)
}

const onDemand: Pick<Message, Asked> & ThisType<Message & Composed> = {
  get html() {
    return this.bodies.html.join(this.bodies.filledHtml)
  },
  get text() {
    return this.bodies.text.join(this.bodies.filledText)
  },
  parts() {
    const { html, text, filledHtml, filledText } = this.bodies
    return { html: html.pieces(filledHtml), text: text.pieces(filledText) }
  },
  octets() {
    return octetsOf(this)
  },
  mime() {
    const octets = octetsOf(this)
    const all = Buffer.allocUnsafe(octets.length)
    octets.write(all, 0)
    return all.toString('latin1')
  },
}

/** The same on every call, with the date of the first. */
function octetsOf(message: Message & Composed): Octets {
  const { bodies } = message
  const { html, text, filledHtml, filledText } = bodies
  return (bodies.octets ??= mailOctets(
    frameOf(message, new Date()),
    text.body(filledText),
    html.body(filledHtml),
  ))
}

/** Composes a mail to look at, for an invented reader; what is known of a real one wins. */
export function composeSample(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  known: Partial<Reader> = {},
): Message {
  return composeMessage(config, campaign, sampleReader(config, campaign, known), {
    id: 'sample.0',
    envelopeFrom: config.returnPath,
    messageId: `<sample.${campaign.slug}@${new URL(config.site).hostname}>`,
  })
}

/** The variant a reader gets. */
export function variantFor(campaign: CompiledCampaign, lang: string): CompiledVariant {
  const found = campaign.variants[languageFor(campaign, lang)]
  if (!found)
    throw new Error(`${campaign.slug} has no variant in its fallback language ${campaign.fallback}`)
  return found
}

/** The language a reader gets: their own, its primary language, another of that, else the fallback. */
export function languageFor(
  { variants, fallback }: { variants: Readonly<Record<string, unknown>>; fallback: string },
  lang: string,
): string {
  if (Object.hasOwn(variants, lang)) return lang
  const [primary = ''] = lang.split('-')
  const langs = Object.keys(variants)
  const near = langs.find((one) => one.split('-')[0] === primary)
  return langs.includes(primary) ? primary : (near ?? fallback)
}

type Templates = Record<'subject' | 'html' | 'text', PreparedTemplate>

/** Prepared once for each compiled campaign, so that one mail costs only its values. */
const prepared = new WeakMap<CompiledVariant, Templates>()

function templatesFor(campaign: CompiledCampaign, lang: string): Templates {
  const variant = variantFor(campaign, lang)
  const known = prepared.get(variant)
  if (known) return known
  const templates = {
    subject: prepareTemplate(variant.subject, variant.lang),
    html: prepareTemplate(variant.html, variant.lang),
    text: prepareTemplate(variant.text, variant.lang),
  }
  prepared.set(variant, templates)
  return templates
}

/** What all readers share is prepared once for each send; of those who are counted by name, once for each campaign. */
const tracked = new WeakMap<Tracking | CompiledVariant, Map<string, PreparedTemplate>>()

function trackedFor(
  campaign: CompiledCampaign,
  lang: string,
  tracking: Tracking,
): PreparedTemplate {
  const variant = variantFor(campaign, lang)
  const owner = tracking.isShared ? tracking : variant
  const known = tracked.get(owner)?.get(variant.lang)
  if (known) return known
  const { html } = variant
  const template = tracking.isShared
    ? sharedTemplate(html, tracking)
    : namedTemplate(html, tracking)
  const made = prepareTemplate(template, variant.lang)
  const ofOwner = tracked.get(owner) ?? new Map<string, PreparedTemplate>()
  tracked.set(owner, ofOwner.set(variant.lang, made))
  return made
}

/** The values of a reader's merge fields. */
export function scopeOf(config: MailshotConfig, campaign: CompiledCampaign, reader: Reader): Scope {
  const { email, name, lang, status, lists, attributes, urls } = reader
  const scope: Scope = {
    email,
    lang,
    status,
    lists,
    name,
    listes: lists,
    nom: name,
    list: lists[0] ?? '',
    campaign: campaign.slug,
    list_title: listTitle(config, reader),
    url_unsubscribe: urls.unsubscribe,
    url_preferences: urls.preferences,
    url_view: urls.view,
  }
  if (urls.stay !== undefined) scope['url_stay'] = urls.stay
  for (const field of Object.keys(config.fields)) {
    if (Object.hasOwn(scope, field)) continue
    scope[field] = Object.hasOwn(attributes, field) ? attributes[field] : ''
  }
  return scope
}

function headersOf(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  { id, redirectTo }: { id: string; redirectTo: string | undefined },
): Record<string, string> {
  const [sendId = ''] = id.split('.', 1)
  const headers = campaignHeaders(config, campaign, reader, sendId)
  if (redirectTo !== undefined) headers['X-Mailshot-Redirected-From'] = reader.email
  return headers
}
