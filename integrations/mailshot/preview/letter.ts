import { join } from 'node:path'
import type { Problem } from '../campaign.ts'
import { findFiles } from '../campaign/files.ts'
import { closest } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { readSampleLetter, type SampleLetter } from '../letter/sample.ts'
import { isWritable, type WritableKind, writable } from '../letter/template.ts'
import { languageFor } from '../message.ts'
import type { ShownCampaign, UnknownCampaign } from '../preview.ts'
import { directionOf } from '../texts.ts'
import { changed, letterPartPath, letterPath, listPath } from './address.ts'
import { sourceText, weightOf } from './facts.ts'
import { headersOf } from './headers.ts'
import { inboxLine, isVisible } from './inbox.ts'
import type { ShownMail } from './mail.ts'
import { partOf, plain, schemeOf } from './part.ts'
import { knowsDark } from './scheme.ts'
import { type Words, wordsFor } from './words.ts'

/** What the page of one letter shows. */
export interface LetterPreview {
  words: Words
  kind: WritableKind
  /** The page of all campaigns. */
  up: string
  /** Its file, or its folder with the files in it; undefined where we word it. */
  source: string | undefined
  /** Where the site would word it. */
  file: string
  /** Whether the site's words are mailed: not where they have a mistake. */
  isOwn: boolean
  problems: Problem[]
  shown: Omit<ShownCampaign, 'reader'>
}

/** The preview of one letter, in the words of the site's file or in ours, for an invented reader. */
export async function previewLetter(
  config: MailshotConfig,
  kind: string,
  request: Request,
): Promise<{ letter: LetterPreview } | { unknown: UnknownCampaign }> {
  const words = wordsFor(config, request)
  const up = listPath(config)
  if (!isWritable(kind)) {
    const near = closest(kind, Object.keys(writable))
    const known = near === undefined ? Object.keys(writable) : [near]
    const links = known.map((one) => ({ slug: one, href: letterPath(config, one) }))
    const folder = join(config.campaigns, 'letters')
    return { unknown: { words, slug: kind, up, folder, near: links } }
  }
  const query = new URL(request.url).searchParams
  const letter = await read(config, kind)
  const { sources } = await findFiles(join(config.campaigns, 'letters'), kind)
  return {
    letter: {
      words,
      kind,
      up,
      source: sources.length > 0 ? sourceText(sources.map(({ file }) => file)) : undefined,
      file: `${config.campaigns}/letters/${kind}.md`,
      isOwn: letter.isOwn,
      problems: letter.problems,
      shown: showLetter(config, letter, { query, words }),
    },
  }
}

/** Answers for a part of a letter's preview: `mail.html`, `mail.txt`, `mail.eml`. */
export async function previewLetterPart(
  config: MailshotConfig,
  { kind, part }: { kind: string; part: string },
  request: Request,
): Promise<Response> {
  if (!isWritable(kind)) return plain(`There is no letter "${kind}".\n`, 404)
  const query = new URL(request.url).searchParams
  const letter = await read(config, kind)
  const lang = langOf(letter, query)
  const mail = compose(letter, lang)
  return partOf(config, part, { name: kind, lang, query, media: letter.media, mail })
}

function read(config: MailshotConfig, kind: WritableKind): Promise<SampleLetter> {
  return readSampleLetter({ config, now: Date.now }, kind)
}

function langOf({ langs, fallback }: SampleLetter, query: URLSearchParams): string {
  const variants = Object.fromEntries(langs.map((lang) => [lang, true]))
  return languageFor({ variants, fallback }, query.get('lang') ?? fallback)
}

type Composed = Pick<ShownMail, 'subject' | 'html' | 'text' | 'message'>

function compose(letter: SampleLetter, lang: string): Composed {
  try {
    const message = letter.compose({ lang })
    const { subject, html, text } = message
    return { subject, html, text, message }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { subject: '', html: '', text: '', message: { failure } }
  }
}

function showLetter(
  config: MailshotConfig,
  letter: SampleLetter,
  { query, words }: { query: URLSearchParams; words: Words },
): LetterPreview['shown'] {
  const { kind, langs, media } = letter
  const lang = langOf(letter, query)
  const mail = compose(letter, lang)
  const { message, subject, html, text } = mail
  const composed = 'failure' in message ? undefined : message
  const page = (changes: Record<string, string>) =>
    letterPath(config, kind, changed(query, changes))
  const part = (name: string) => letterPartPath(config, { kind, part: name }, query)
  return {
    inbox: inboxLine({ from: composed?.from ?? config.from, subject, html }),
    weight: weightOf(mail, media),
    failure: 'failure' in message ? message.failure : undefined,
    text,
    headers: composed ? headersOf(composed, words) : [],
    links: { html: part('mail.html'), text: part('mail.txt'), eml: part('mail.eml') },
    langs: langs.map((one) => ({
      value: one,
      label: words.language(one),
      href: page({ lang: one }),
      isCurrent: one === lang,
    })),
    scheme: {
      current: schemeOf(query),
      light: page({ scheme: 'light' }),
      dark: page({ scheme: 'dark' }),
      isOwn: knowsDark(html),
    },
    lang,
    dir: directionOf(lang),
    isVisible: isVisible(html),
  }
}
