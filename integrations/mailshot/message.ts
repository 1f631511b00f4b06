import type { CompiledCampaign, CompiledVariant } from './compile.ts'
import { escapeValue, oneLine } from './compile/escape.ts'
import type { MailshotConfig } from './config.ts'
import { campaignHeaders, listTitle } from './message/headers.ts'
import { type Merge, prepareMerge, type Scope } from './message/merge.ts'
import { encodeMime } from './message/mime.ts'
import { sampleReader } from './message/sample.ts'
import type { Mailbox, Message } from './transport.ts'

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
  urls: { unsubscribe: string; preferences: string; view: string }
}

/** What a message has that is neither the campaign's nor the reader's. */
export interface Composition {
  /** `<send>.<recipient>`. */
  id: string
  envelopeFrom: string
  /** With its angle brackets; the same on every try. */
  messageId: string
  /** `[TEST] ` */
  subjectPrefix?: string
  /** Where it goes instead; the config's `redirectTo` holds without it. */
  redirectTo?: string
}

/**
 * Composes one reader's mail. Pure but for `mime()`, which dates the mail and keeps its bytes. What the reader's fields
 * hold is data: it is escaped for its place and never read as markup, header or template.
 */
export function composeMessage(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  composition: Composition,
): Message {
  const merges = mergesFor(campaign, reader.lang)
  const scope = scopeOf(config, campaign, reader)
  const redirectTo = composition.redirectTo ?? config.redirectTo
  const sendId = composition.id.split('.')[0] ?? ''
  const parts = {
    id: composition.id,
    envelope: { from: composition.envelopeFrom, to: redirectTo ?? reader.email },
    ...addresses(config, campaign, reader, redirectTo),
    subject: (composition.subjectPrefix ?? '') + oneLine(merges.subject(scope)),
    html: merges.html(scope),
    text: merges.text(scope),
    messageId: composition.messageId,
    headers: {
      ...campaignHeaders(config, campaign, reader, sendId),
      ...(redirectTo !== undefined && { 'X-Mailshot-Redirected-From': reader.email }),
    },
    campaign: campaign.slug,
    track: campaign.track,
  }
  let mime: string | undefined
  return { ...parts, mime: () => (mime ??= encodeMime(parts, new Date())) }
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
  const [primary = ''] = lang.split('-')
  const langs = Object.keys(variants)
  const near = langs.find((one) => one.split('-')[0] === primary)
  return [lang, primary].find((one) => langs.includes(one)) ?? near ?? fallback
}

interface Merges {
  subject: Merge
  html: Merge
  text: Merge
}

/** Prepared once for each compiled campaign, so that one mail costs only its merge. */
const prepared = new WeakMap<CompiledVariant, Merges>()

function mergesFor(campaign: CompiledCampaign, lang: string): Merges {
  const variant = variantFor(campaign, lang)
  const known = prepared.get(variant)
  if (known) return known
  const merges = {
    subject: prepareMerge(variant.subject, variant.lang),
    html: prepareMerge(variant.html, variant.lang),
    text: prepareMerge(variant.text, variant.lang),
  }
  prepared.set(variant, merges)
  return merges
}

/** The values of a reader's merge fields. */
export function scopeOf(config: MailshotConfig, campaign: CompiledCampaign, reader: Reader): Scope {
  const { email, name, lang, status, lists, attributes, urls } = reader
  const scope: Scope = {}
  for (const field of Object.keys(config.fields)) {
    scope[field] = Object.hasOwn(attributes, field) ? attributes[field] : ''
  }
  return Object.assign(scope, {
    email,
    lang,
    status,
    lists,
    name,
    listes: lists,
    nom: name,
    list: lists[0] ?? '',
    list_title: listTitle(config, reader),
    campaign: campaign.slug,
    url_unsubscribe: urls.unsubscribe,
    url_preferences: urls.preferences,
    url_view: urls.view,
  })
}

function addresses(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  redirectTo: string | undefined,
): { from: Mailbox; to: Mailbox; replyTo: Mailbox | undefined } {
  return {
    from: campaign.from ?? config.lists[reader.lists[0] ?? '']?.from ?? config.from,
    to: { name: escapeValue(reader.name, 'header'), address: redirectTo ?? reader.email },
    replyTo: campaign.replyTo ?? config.replyTo,
  }
}
