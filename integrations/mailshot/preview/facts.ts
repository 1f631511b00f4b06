import { basename, dirname } from 'node:path'
import type { CompiledCampaign, MediaFile } from '../compile.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { countAudience } from '../send/audience.ts'
import { fill } from '../texts.ts'
import type { Inspected } from './compiled.ts'
import type { ShownMail } from './mail.ts'
import type { OpenSubscribers } from './reader.ts'
import type { Words } from './words.ts'

/** What a campaign's files say about sending it. */
export interface Facts {
  /** Its file, or its folder with the files in it. */
  source: string
  /** `Markdown`, `MJML`, and the layouts it is put in. */
  format: string
  langs: { tag: string; name: string }[]
  lists: string[]
  /** Whom of them it goes to, where it says so. */
  readers: string[]
  /** When it is sent. */
  send: string
  errors: number
  warnings: number
}

/** In bytes. */
export interface Weight {
  html: number
  text: number
  /** As it is handed over; 0 where it cannot be composed. */
  eml: number
  images: { count: number; bytes: number }
}

/** What Gmail shows of a mail's HTML. */
export const gmailLimit = 102 * 1024

/** Tells a campaign's settings in the editor's words. */
export function campaignFacts(
  config: MailshotConfig,
  { campaign, problems, failure }: Inspected,
  words: Words,
): Facts {
  const variants = Object.values(campaign?.variants ?? {})
  const layouts = new Set(variants.flatMap(({ layout }) => (layout ? [layout.title] : [])))
  const formats = new Set(variants.map(({ format }) => (format === 'md' ? 'Markdown' : 'MJML')))
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return {
    source: sourceText(variants.flatMap(({ file, text }) => [file, ...(text ? [text.file] : [])])),
    format: [...formats].join(' + ') + (layouts.size > 0 ? ` · ${[...layouts].join(', ')}` : ''),
    langs: variants.map(({ lang }) => ({ tag: lang, name: words.language(lang) })),
    lists: (campaign?.lists ?? []).map((id) =>
      localize(config.lists[id]?.title ?? id, words.lang, config.lang),
    ),
    readers: readersText(campaign, words),
    send: campaign ? sendText(campaign.send, config.timeZone, words) : '',
    errors: errors + (failure === undefined ? 0 : 1),
    warnings: problems.length - errors,
  }
}

/** Weighs a mail as it leaves, and its images, which readers load besides. */
export function weightOf(
  mail: Pick<ShownMail, 'html' | 'text' | 'message'>,
  media: readonly MediaFile[],
): Weight {
  const { html, text, message } = mail
  return {
    html: Buffer.byteLength(html),
    text: Buffer.byteLength(text),
    eml: 'failure' in message ? 0 : message.mime().length,
    images: {
      count: media.length,
      bytes: media.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    },
  }
}

function readersText(campaign: Inspected['campaign'], { text }: Words): string[] {
  const { segment, exclude = [] } = campaign ?? {}
  return [
    ...(segment === undefined ? [] : [segment]),
    ...exclude.map((condition) => fill(text.readers.without, { condition })),
  ]
}

/** How many readers a campaign that says more of them than its lists has by now; nothing where that cannot be looked at. */
export async function countedReaders(
  { slug, hash, lists, segment, exclude }: CompiledCampaign,
  { text, lang }: Words,
  open: OpenSubscribers,
): Promise<string[]> {
  if (segment === undefined && exclude === undefined) return []
  try {
    const people = await countAudience(await open(), { slug, hash, lists, segment, exclude })
    const number = new Intl.NumberFormat(lang)
    const [readers, of] = [number.format(people.readers), number.format(people.of)]
    return [fill(text.readers.count, { readers, of })]
  } catch {
    // `mailshot check` and `send` say why.
    return []
  }
}

/** A file, or the folder of several with their names. */
export function sourceText(files: string[]): string {
  const [first = ''] = files
  if (files.length < 2) return first
  return `${dirname(first)}/ ${files.map((file) => basename(file)).join(', ')}`
}

function sendText(
  send: NonNullable<Inspected['campaign']>['send'],
  timeZone: string,
  { text, lang }: Words,
): string {
  if (send === 'manual') return text.send.manual
  if (send === 'on-merge') return text.send.onMerge
  const format = new Intl.DateTimeFormat(lang, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone,
  })
  return fill(send.local === undefined ? text.send.at : text.send.local, {
    time: format.format(send.at),
  })
}
