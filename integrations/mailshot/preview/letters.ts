import { join } from 'node:path'
import { listSlugs } from '../campaign/files.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { readSampleLetter } from '../letter/sample.ts'
import { isWritable, type WritableKind, writable } from '../letter/template.ts'
import { languageOfTexts } from '../reader-language.ts'
import { directionOf, fill, textsFor } from '../texts.ts'
import { letterPath } from './address.ts'

/** A letter as its row tells it. */
export interface ListedLetter {
  kind: WritableKind
  href: string
  subject: string
  lang: string
  dir: 'ltr' | 'rtl'
  /** Whether the site has a file for it. */
  hasFile: boolean
  errors: number
  warnings: number
}

/** All letters that a site may word itself, in its language. */
export async function listLetters(config: MailshotConfig): Promise<ListedLetter[]> {
  const files = await listSlugs(join(config.campaigns, 'letters'))
  const kinds = Object.keys(writable).filter(isWritable)
  return Promise.all(kinds.map((kind) => listedLetter(config, kind, files.includes(kind))))
}

async function listedLetter(
  config: MailshotConfig,
  kind: WritableKind,
  hasFile: boolean,
): Promise<ListedLetter> {
  const href = letterPath(config, kind)
  // Ours are compiled in all languages, which takes a second.
  if (kind === 're-consent' && !hasFile) {
    const lang = languageOfTexts(config, config.lang)
    const title = localize(config.title, lang, config.lang)
    const subject = fill(textsFor(config, lang).letters.reconsent.subject, { title })
    const dir = directionOf(lang)
    return { kind, href, subject, lang, dir, hasFile, errors: 0, warnings: 0 }
  }
  const letter = await readSampleLetter({ config, now: Date.now }, kind)
  const lang = letter.fallback
  const errors = letter.problems.filter(({ severity }) => severity === 'error').length
  const warnings = letter.problems.length - errors
  const subject = letter.langs.length > 0 ? letter.compose().subject : ''
  return { kind, href, subject, lang, dir: directionOf(lang), hasFile, errors, warnings }
}
