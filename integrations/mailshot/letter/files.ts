import { join } from 'node:path'
import { fallbackOf, type Problem, sharedKeys } from '../campaign.ts'
import { findFiles, listSlugs } from '../campaign/files.ts'
import { errorAt, sortProblems } from '../campaign/problem.ts'
import { type ReadVariant, readVariants } from '../campaign/variant.ts'
import { closest } from '../closest.ts'
import { compileVariants, type MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { fillTemplate, isWritable, type LetterTemplate, writable } from './template.ts'

/** A letter that the site words itself, compiled; absent with an error among the problems. */
export interface WrittenLetter {
  /** As the file calls it. */
  kind: string
  template: LetterTemplate | undefined
  media: MediaFile[]
  problems: Problem[]
}

/**
 * Reads and compiles the letters that the site words itself: `<campaigns>/letters/confirmation.md`, or a folder
 * `confirmation/` with a file a language. Their layouts are MJML.
 */
export async function readLetters(config: MailshotConfig): Promise<WrittenLetter[]> {
  const root = join(config.campaigns, 'letters')
  const kinds = await listSlugs(root)
  return Promise.all(kinds.map(async (kind) => readLetter(config, root, kind)))
}

/** The letters that can be mailed as they are; of one with errors, the built-in words are mailed. */
export function templatesOf(letters: readonly WrittenLetter[]): LetterTemplate[] {
  return letters.flatMap(({ template }) => template ?? [])
}

/** Reads and compiles one of them; `root` is the folder that it stands in. */
export async function readLetter(
  config: MailshotConfig,
  root: string,
  kind: string,
): Promise<WrittenLetter> {
  const files = await findFiles(root, kind)
  if (!isWritable(kind)) {
    const place = { file: files.sources[0]?.file ?? join(root, kind), line: 1 }
    return { kind, template: undefined, media: [], problems: [unknownKind(kind, place)] }
  }
  const read = await readVariants(config, files, {
    slug: kind,
    usual: 'letter',
    renderLayout: undefined,
  })
  const variants = Object.fromEntries(read.map(({ variant }) => [variant.lang, variant]))
  const { link, fields } = writable[kind]
  const { results, media } = await compileVariants(config, variants, {
    // A reader may be gone by then who has invited.
    fields: new Map(fields.map((name) => [name, { optional: /^(?:name|inviter)$/.test(name) }])),
    link,
    utm: undefined,
  })
  const problems = [
    ...files.problems,
    ...read.flatMap((one) => [...one.problems, ...withoutEffect(one)]),
    ...results.flatMap((one) => one.problems),
  ]
  const template: LetterTemplate = {
    kind,
    fallback: fallbackOf(config, variants),
    variants: Object.fromEntries(
      results.map(({ compiled: { lang, subject, html, text } }) => [
        lang,
        { lang, subject, html, text },
      ]),
    ),
  }
  const isWrong = problems.some(isError)
  problems.push(...(isWrong ? [] : read.flatMap(({ variant }) => tryOut(template, variant))))
  const isUsable = read.length > 0 && !problems.some(isError)
  return {
    kind,
    template: isUsable ? template : undefined,
    media,
    problems: sortProblems(problems),
  }
}

function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

/** What fails for invented readers, of whom one has no name, would fail in a mail. */
function tryOut(
  template: LetterTemplate,
  { lang, file }: { lang: string; file: string },
): Problem[] {
  const values = Object.fromEntries(writable[template.kind].fields.map((name) => [name, name]))
  try {
    for (const name of ['Camille', '']) {
      const { subject } = fillTemplate(template, lang, { ...values, lang, name, inviter: name })
      if (subject.trim() === '') throw new Error('its subject is empty for some readers')
    }
    return []
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return [
      errorAt({ file, line: 1 }, 'the letter cannot be composed', why, 'mend the merge fields'),
    ]
  }
}

/** What belongs to campaigns says nothing about a letter. */
function withoutEffect({ settings, placeOf }: ReadVariant): Problem[] {
  return sharedKeys
    .filter((key) => settings[key] !== undefined)
    .map((key) =>
      errorAt(
        placeOf(key),
        `"${key}" has no effect here`,
        'a letter goes to one person, when they do something',
        'remove the line',
      ),
    )
}

function unknownKind(kind: string, place: { file: string; line: number }): Problem {
  const known = Object.keys(writable)
  const near = closest(kind, known)
  const cure =
    near === undefined ? `rename it to one of these: ${known.join(', ')}` : `rename it to ${near}`
  return errorAt(place, `no letter is called "${kind}"`, 'it would never be mailed', cure)
}
