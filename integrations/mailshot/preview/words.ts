import type { MailshotConfig } from '../config.ts'
import { type PreviewTexts, previewTexts } from './texts.ts'
import { en } from './texts/en.ts'

/** What the editor reads around a mail, in the editor's language. */
export interface Words {
  lang: string
  text: PreviewTexts
  /** `34 kB`, of 1024 bytes each. */
  size(bytes: number): string
  /** `French`, by its tag. */
  language(tag: string): string
}

/** The words of the site's own language, else of the first one that the browser asks for. */
export function wordsFor(config: Pick<MailshotConfig, 'lang'>, request: Request): Words {
  const asked = (request.headers.get('accept-language') ?? '').split(',')
  const lang = [config.lang, ...asked].map(primaryOf).find(isKnown) ?? 'en'
  const kilobytes = new Intl.NumberFormat(lang, {
    style: 'unit',
    unit: 'kilobyte',
    maximumFractionDigits: 0,
  })
  const names = new Intl.DisplayNames(lang, { type: 'language', fallback: 'code' })
  return {
    lang,
    text: previewTexts[lang] ?? en,
    size: (bytes) => kilobytes.format(Math.ceil(bytes / 1024)),
    language: (tag) => nameOf(names, tag),
  }
}

function isKnown(lang: string): boolean {
  return Object.hasOwn(previewTexts, lang)
}

/** `fr` of `fr-CA;q=0.8` */
function primaryOf(tag: string): string {
  return tag.trim().toLowerCase().split(/[-;]/)[0] ?? ''
}

function nameOf(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag
  } catch {
    // A file of a folder may have any name.
    return tag
  }
}
