import type { MailshotConfig } from '../config.ts'
import { acceptedLanguages } from '../reader-language.ts'
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

/** The words of the first language that the browser asks for and we have, else of the site's own. */
export function wordsFor(config: Pick<MailshotConfig, 'lang'>, request: Request): Words {
  const asked = acceptedLanguages(request.headers.get('accept-language') ?? '')
  const lang = [...asked, config.lang].map(primaryOf).find(isKnown) ?? 'en'
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

/** `fr` of `fr-CA` */
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
