import { z } from 'zod'
import { didYouMean } from '../closest.ts'
import { holdsPlaceholder } from '../compile/leftovers.ts'
import type { MailshotConfig } from '../config.ts'
import { parseMailbox } from '../email-address.ts'
import { transportNames } from '../route.ts'
import { type UtmSetting, utmSetting } from '../tracking/options.ts'
import type { Mailbox } from '../transport.ts'
import { placeOf, type SourceFile } from './front-matter.ts'
import { isLanguageTag } from './language-tag.ts'
import { errorAt, type Problem } from './problem.ts'
import { checkReaders, type ReaderSettings } from './readers.ts'
import { parseSendTime, parseStart } from './send-time.ts'

/**
 * When a campaign starts: by hand, when its file reaches the main branch, or at a time (milliseconds since 1970). With `local`
 * (`2026-12-01T09:00:00`) each reader gets it at that time of their own zone.
 */
export type SendTime = 'manual' | 'on-merge' | { at: number; local?: string | undefined }

const flag = z.stringbool({
  truthy: ['true'],
  falsy: ['false'],
  error: 'is neither true nor false',
})

const schema = z.strictObject({
  /** The subject line, read literally to the end of the line. Merge fields may stand in it. */
  subject: z.string().trim().optional(),
  /** The line that a mail client shows after the subject. */
  preheader: z.string().trim().optional(),
  /** The lists it goes to; the first gives List-Id and sender. */
  lists: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  /** Whom of its lists it goes to: a condition, or the name of one of the config's segments. */
  segment: z.string().optional(),
  /** Who is left out: those on a list, those of a segment, or of whom a condition is true. */
  exclude: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  /** `manual`, `on-merge`, or a time in the config's zone unless it names one; with `local`, in each reader's. */
  send: z.string().optional(),
  /** After this time nobody is mailed any more. */
  until: z.string().optional(),
  /** The layout a Markdown campaign is put in: a file of `campaigns/layouts/`, without `.mjml`. */
  layout: z.string().optional(),
  /** Values for the layout's parameters. */
  params: z.record(z.string(), z.string()).optional(),
  /** The sender, where it is not the first list's. */
  from: z.string().optional(),
  replyTo: z.string().optional(),
  /** The language of a campaign that is a single file. */
  lang: z.string().refine(isLanguageTag, 'is not a language').optional(),
  /** Which of the config's transports it goes by, where it is not the first list's. */
  transport: z.string().optional(),
  /** Whether the public archive may show it. */
  archive: flag.optional(),
  track: z.strictObject({ opens: flag.default(false), clicks: flag.default(false) }).optional(),
  /** UTM tags of its links, where they differ from the config's; `false` for none. */
  utm: utmSetting.optional(),
})

/** A campaign file's front matter, checked; what the file does not say is absent. */
export interface Settings extends ReaderSettings {
  subject: string
  preheader: string
  layout: string | undefined
  params: Record<string, string>
  lang: string | undefined
  lists: string[] | undefined
  send: SendTime | undefined
  /** Milliseconds since 1970. */
  until: number | undefined
  from: Mailbox | undefined
  replyTo: Mailbox | undefined
  transport: string | undefined
  archive: boolean | undefined
  track: { opens: boolean; clicks: boolean } | undefined
  utm: UtmSetting | undefined
}

/** Checks a campaign file's front matter. Wrong entries become problems at their line, the rest is still read. */
export function readSettings(
  config: MailshotConfig,
  source: SourceFile,
): { settings: Settings; problems: Problem[] } {
  const problems: Problem[] = []
  const result = schema.safeParse(source.data ?? {})
  if (!result.success) problems.push(...result.error.issues.flatMap((one) => explain(source, one)))
  const data = result.success ? result.data : salvage(source.data ?? {})
  const { subject = '', preheader = '', params = {}, layout, lang, archive, track, utm } = data
  if (source.data && subject === '') problems.push(noSubject(source))
  const send = checkSend(config, source, data.send, problems)
  return {
    settings: {
      subject,
      preheader,
      params,
      layout,
      lang,
      archive,
      track,
      utm,
      lists: checkLists(config, source, data.lists, problems),
      ...checkReaders(config, source, { segment: data.segment, exclude: data.exclude }, problems),
      send,
      until: checkUntil(config, source, { send, until: data.until }, problems),
      from: checkMailbox(source, 'from', data.from, problems),
      replyTo: checkMailbox(source, 'replyTo', data.replyTo, problems),
      transport: checkTransport(config, source, data.transport, problems),
    },
    problems,
  }
}

const examples: Record<string, string> = {
  lists: 'lists: [weekly, product]',
  segment: 'segment: lang = fr and city = Lyon',
  exclude: 'exclude: [product]',
  archive: 'archive: false',
  track: 'track: { opens: true, clicks: false }',
  utm: 'utm: { campaign: spring }',
  params: 'params: { accent: "#0b5fff" }',
  layout: 'layout: default',
  lang: 'lang: fr',
  transport: 'transport: bulk',
}

/** The entries that are right, so that one mistake does not hide the others. */
function salvage(data: Record<string, unknown>): z.output<typeof schema> {
  const right = Object.entries(data).filter(
    ([key, value]) => key in schema.shape && schema.safeParse({ [key]: value }).success,
  )
  return schema.parse(Object.fromEntries(right))
}

function explain(source: SourceFile, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code !== 'unrecognized_keys') {
    const key = issue.path.join('.')
    const what = `"${key}" is wrong`
    return [
      errorAt(
        placeOf(source, issue.path),
        what,
        issue.message,
        `write it like ${examples[key] ?? examples[String(issue.path[0])] ?? key}`,
      ),
    ]
  }
  const known = keysWithin[String(issue.path[0])] ?? Object.keys(schema.shape)
  return issue.keys.map((key) =>
    errorAt(
      placeOf(source, [...issue.path, key]),
      `unknown key "${key}"`,
      'it would have no effect',
      didYouMean(key, known),
    ),
  )
}

const keysWithin: Record<string, string[]> = {
  track: ['opens', 'clicks'],
  utm: ['source', 'medium', 'campaign', 'content', 'term', 'hosts'],
}

function noSubject(source: SourceFile): Problem {
  return errorAt(
    placeOf(source, ['subject']),
    'no subject',
    'a mail without one looks like spam',
    'add a line subject: … to the front matter',
  )
}

function checkLists(
  config: MailshotConfig,
  source: SourceFile,
  lists: string[] | undefined,
  problems: Problem[],
): string[] | undefined {
  const known = Object.keys(config.lists)
  for (const list of lists ?? []) {
    if (known.includes(list)) continue
    const why = 'it is not in mailshot.config.ts'
    problems.push(
      errorAt(placeOf(source, ['lists']), `unknown list "${list}"`, why, didYouMean(list, known)),
    )
  }
  return lists && [...new Set(lists)]
}

function checkTransport(
  config: MailshotConfig,
  source: SourceFile,
  transport: string | undefined,
  problems: Problem[],
): string | undefined {
  const known = transportNames(config)
  if (transport === undefined || known.includes(transport)) return transport
  const why = `it is not in mailshot.config.ts (known: ${known.join(', ')})`
  const cure = didYouMean(transport, known)
  problems.push(
    errorAt(placeOf(source, ['transport']), `unknown transport "${transport}"`, why, cure),
  )
  return undefined
}

function checkSend(
  config: MailshotConfig,
  source: SourceFile,
  send: string | undefined,
  problems: Problem[],
): SendTime | undefined {
  if (send === undefined || send === 'manual' || send === 'on-merge') return send
  const start = parseStart(send, config.timeZone)
  if (!('wrong' in start)) return start
  const cure =
    'write send: manual, send: on-merge, or send: 2026-12-01 09:00 (a zone or offset may follow, or local)'
  problems.push(
    errorAt(placeOf(source, ['send']), 'the time of sending is unclear', start.wrong, cure),
  )
  return undefined
}

function checkUntil(
  config: MailshotConfig,
  source: SourceFile,
  { send, until }: { send: SendTime | undefined; until: string | undefined },
  problems: Problem[],
): number | undefined {
  if (until === undefined) return undefined
  const place = placeOf(source, ['until'])
  const at = parseSendTime(until, config.timeZone)
  if (typeof at !== 'number') {
    // It says what else may stand after "send:".
    const why = at.wrong.replace(/ is neither .*/, ' is not a time')
    const cure = 'write it like until: 2026-12-03 18:00 (a zone or offset may follow)'
    problems.push(errorAt(place, 'the end date is unclear', why, cure))
    return undefined
  }
  if (typeof send !== 'object' || at > send.at) return at
  const cure = 'write a later one, or remove the line'
  problems.push(errorAt(place, 'it ends before it starts', 'nobody would get it', cure))
  return undefined
}

function checkMailbox(
  source: SourceFile,
  key: 'from' | 'replyTo',
  text: string | undefined,
  problems: Problem[],
): Mailbox | undefined {
  if (text === undefined) return undefined
  const mailbox = holdsPlaceholder(text) ? undefined : parseMailbox(text)
  if (mailbox) return mailbox
  const cure = `write it like ${key}: Rédaction <news@example.org>; merge fields have no place in it`
  problems.push(
    errorAt(placeOf(source, [key]), `"${text}" is not an address`, 'nobody could answer', cure),
  )
  return undefined
}
