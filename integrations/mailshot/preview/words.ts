import type { MailshotConfig } from '../config.ts'
import { type Texts, textLanguages, textsFor } from '../texts.ts'

/** What the editor reads around a mail, in the editor's language. */
export interface Words {
  lang: string
  dir: Texts['dir']
  text: Texts['preview']
  /** `34 kB`, of 1024 bytes each. */
  size(bytes: number): string
  /** `French`, by its tag. */
  language(tag: string): string
}

/** The words of the site's own language, else of the first one that the browser asks for. */
export function wordsFor(config: Pick<MailshotConfig, 'lang'>, request: Request): Words {
  const asked = (request.headers.get('accept-language') ?? '')
    .split(',')
    .map((one) => one.split(';')[0]?.trim() ?? '')
  const { lang, dir, preview } = textsFor([config.lang, ...asked].find(isKnown) ?? 'en')
  const kilobytes = new Intl.NumberFormat(lang, {
    style: 'unit',
    unit: 'kilobyte',
    maximumFractionDigits: 0,
  })
  const names = new Intl.DisplayNames(lang, { type: 'language', fallback: 'code' })
  return {
    lang,
    dir,
    text: preview,
    size: (bytes) => kilobytes.format(Math.ceil(bytes / 1024)),
    language: (tag) => nameOf(names, tag),
  }
}

function isKnown(tag: string): boolean {
  const primary = primaryOf(tag)
  return textLanguages.some((lang) => primaryOf(lang) === primary)
}

function primaryOf(tag: string): string {
  return tag.toLowerCase().split('-')[0] ?? ''
}

function nameOf(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag
  } catch {
    // A file of a folder may have any name.
    return tag
  }
}
