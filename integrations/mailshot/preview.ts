import { listCampaigns, type Problem } from './campaign.ts'
import { closest } from './closest.ts'
import type { CompiledCampaign } from './compile.ts'
import type { MailshotConfig } from './config.ts'
import { campaignPath, changed, listPath, partPath } from './preview/address.ts'
import {
  campaignFacts,
  countedReaders,
  type Facts,
  weightOf,
  type Weight,
} from './preview/facts.ts'
import { type FormField, readerFields, someAddresses } from './preview/form.ts'
import { headersOf } from './preview/headers.ts'
import { type InboxLine, inboxLine, isVisible } from './preview/inbox.ts'
import { type Look, lookAt, type PreviewOptions } from './preview/look.ts'
import type { ShownMail } from './preview/mail.ts'
import { schemeOf } from './preview/part.ts'
import type { ShownReader } from './preview/reader.ts'
import { knowsDark, type Scheme } from './preview/scheme.ts'
import { type Words, wordsFor } from './preview/words.ts'

/** What the page of one campaign shows. */
export interface CampaignPreview {
  words: Words
  slug: string
  /** The page of all campaigns. */
  up: string
  facts: Facts
  /** Errors first. */
  problems: Problem[]
  /** Why there is no mail to show, where something broke off. */
  failure: string | undefined
  shown: ShownCampaign | undefined
}

/** A mail, and for whom. */
export interface ShownCampaign {
  inbox: InboxLine
  weight: Weight
  /** Why it cannot be composed for this reader: it would not be sent. */
  failure: string | undefined
  text: string
  headers: [name: string, value: string][]
  links: { html: string; text: string; eml: string }
  /** The same page in another language. */
  langs: Choice[]
  scheme: { current: Scheme; light: string; dark: string; isOwn: boolean }
  reader: ReaderPanel
  lang: string
  dir: 'ltr' | 'rtl'
  /** Whether there is anything to look at. */
  isVisible: boolean
}

export interface Choice {
  value: string
  label: string
  href: string
  isCurrent: boolean
}

/** As whom the mail is shown, and how to see it as somebody else. */
export interface ReaderPanel extends Pick<ShownReader, 'asked' | 'notes'> {
  /** Where its forms lead. */
  action: string
  /** What they carry along. */
  scheme: Scheme
  fields: FormField[]
  /** Undefined where subscribers may not be looked at. */
  addresses: string[] | undefined
}

/** No campaign of that name, and those that may be meant. */
export interface UnknownCampaign {
  words: Words
  slug: string
  up: string
  folder: string
  near: { slug: string; href: string }[]
}

/** The preview of one campaign, as its files say it now. */
export async function previewCampaign(
  config: MailshotConfig,
  slug: string,
  options: PreviewOptions,
): Promise<{ campaign: CampaignPreview } | { unknown: UnknownCampaign }> {
  const look = await lookAt(config, slug, options)
  const up = listPath(config)
  if (!look) {
    const words = wordsFor(config, options.request)
    const near = nearest(slug, await listCampaigns(config)).map((one) => ({
      slug: one,
      href: campaignPath(config, one),
    }))
    return { unknown: { words, slug, up, folder: config.campaigns, near } }
  }
  const { words, inspected } = look
  const facts = campaignFacts(config, inspected, words)
  const { openSubscribers: open } = options
  const counted =
    open && inspected.compiled ? await countedReaders(inspected.compiled, words, open) : []
  const campaign: CampaignPreview = {
    words,
    slug,
    up,
    facts: { ...facts, readers: [...facts.readers, ...counted] },
    problems: inspected.problems.toSorted((a, b) => rank(a) - rank(b)),
    failure: inspected.failure,
    shown: await showCampaign(config, look, options),
  }
  return { campaign }
}

function rank({ severity }: Problem): number {
  return severity === 'error' ? 0 : 1
}

async function showCampaign(
  config: MailshotConfig,
  look: Look,
  { openSubscribers }: PreviewOptions,
): Promise<ShownCampaign | undefined> {
  const { slug, query, words, inspected, shown } = look
  const { compiled } = inspected
  if (!shown || !compiled) return undefined
  const { mail, reader } = shown
  const { message, variant } = mail
  const composed = 'failure' in message ? undefined : message
  const part = (name: string) => partPath(config, slug, name, query)
  return {
    inbox: inboxLine({ ...mail, from: composed?.from ?? compiled.from ?? config.from }),
    weight: weightOf(mail, inspected.media),
    failure: 'failure' in message ? message.failure : undefined,
    isVisible: isVisible(mail.html),
    lang: variant.lang,
    dir: variant.dir,
    text: mail.text,
    headers: composed ? headersOf(composed, words) : [],
    links: { html: part('mail.html'), text: part('mail.txt'), eml: part('mail.eml') },
    ...otherViews(config, look, { compiled, mail }),
    reader: {
      ...readerPanel(config, look, { compiled, reader }),
      addresses: openSubscribers && (await someAddresses(compiled, openSubscribers)),
    },
  }
}

/** The same page in another language, or in other colours. */
function otherViews(
  config: MailshotConfig,
  { slug, query, words }: Look,
  { compiled, mail }: { compiled: CompiledCampaign; mail: ShownMail },
): Pick<ShownCampaign, 'langs' | 'scheme'> {
  const page = (changes: Record<string, string>) =>
    campaignPath(config, slug, changed(query, changes))
  const langs = Object.keys(compiled.variants).toSorted()
  return {
    langs: langs.map((lang) => ({
      value: lang,
      label: words.language(lang),
      href: page({ lang }),
      isCurrent: lang === mail.variant.lang,
    })),
    scheme: {
      current: schemeOf(query),
      light: page({ scheme: 'light' }),
      dark: page({ scheme: 'dark' }),
      isOwn: knowsDark(mail.html),
    },
  }
}

function readerPanel(
  config: MailshotConfig,
  { slug, query, words }: Look,
  { compiled, reader }: { compiled: CompiledCampaign; reader: ShownReader },
): Omit<ReaderPanel, 'addresses'> {
  const { asked, notes } = reader
  return {
    asked,
    notes,
    action: campaignPath(config, slug),
    scheme: schemeOf(query),
    fields: readerFields(config, compiled, { shown: reader, query, words }),
  }
}

/** The one that was most likely mistyped, those whose name holds the word, and the latest. */
function nearest(slug: string, known: string[]): string[] {
  const word = slug.toLowerCase()
  const likely = closest(slug, known)
  const holding = known.filter((one) => one.includes(word) || word.includes(one))
  const some = [...(likely === undefined ? [] : [likely]), ...holding.toReversed()]
  return [...new Set([...some, ...known.toReversed()])].slice(0, 5)
}
