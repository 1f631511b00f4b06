import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { MailshotError } from '../error.ts'
import { isLanguageTag } from './language-tag.ts'
import { errorAt, type Place, type Problem } from './problem.ts'
import { slugPattern } from './slug.ts'

/** The source files of one campaign. Paths begin as the config names the folder. */
export interface CampaignFiles {
  /** Relative references in the sources (images) start here. */
  folder: string
  /** `lang` is undefined for a single file, whose language its front matter says. */
  sources: {
    lang: string | undefined
    file: string
    format: 'md' | 'mjml'
    textFile: string | undefined
  }[]
  problems: Problem[]
}

/**
 * The names of all campaigns of a folder, sorted: `<slug>.md`, `<slug>.mjml`, and folders with such files in them.
 * `layouts/`, `letters/`, names that begin with `.` or `_`, and README.md are none. Endings that only look right are named too, to be
 * reported.
 */
export async function listSlugs(root: string): Promise<string[]> {
  const slugs = new Set<string>()
  for (const entry of await readFolder(root)) {
    const inside = entry.isDirectory() ? await readFolder(join(root, entry.name)) : []
    const paths = entry.isFile() ? [entry.name] : inside.map(({ name }) => `${entry.name}/${name}`)
    for (const slug of paths.map(slugOfSource)) if (slug !== undefined) slugs.add(slug)
  }
  return [...slugs].toSorted()
}

/** The campaign that a path below the folder of campaigns is a source of; undefined for any other file. */
export function slugOfSource(path: string): string | undefined {
  const [first = '', second, ...deeper] = path.split('/')
  if (/^(?:layouts|letters)$|^[._]|^readme\./i.test(first) || deeper.length > 0) return undefined
  if (second === undefined) return likeSource.exec(first)?.[1]
  return likeSource.test(second) ? first : undefined
}

/** Finds a campaign's files. None at all, two where one belongs, and names that no URL can hold are problems. */
export async function findFiles(root: string, slug: string): Promise<CampaignFiles> {
  const entries = /[/\\]/.test(slug) ? [] : await readFolder(root)
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  const single = ([`${slug}.md`, `${slug}.mjml`] as const).filter((name) => names.includes(name))
  const folder = join(root, slug)
  const inside = entries.some((entry) => entry.name === slug && entry.isDirectory())
    ? (await readFolder(folder)).map((entry) => entry.name).toSorted()
    : []
  const variants = inside.filter((name) => source.test(name))
  const sources = [
    ...single.map((name) => describe(root, name, names, undefined)),
    ...variants.map((name) => describe(folder, name, inside, source.exec(name)?.[1])),
  ]
  const endings = [
    ...names.filter((name) => likeSource.exec(name)?.[1] === slug).map((name) => join(root, name)),
    ...inside.map((name) => join(folder, name)),
  ].flatMap(wrongEnding)
  const named = sources.length === 0 && endings.length > 0 ? [] : nameProblems(root, slug, sources)
  const problems = [...endings, ...named, ...doubles(sources)]
  return { folder: single.length > 0 ? root : folder, sources, problems }
}

/** The text of a file, or undefined when there is none. Bytes that are no text are problems at their line. */
export async function readText(
  file: string,
): Promise<{ text: string; problems: Problem[] } | undefined> {
  const text = (await readBytes(file))?.toString('utf8')
  if (text === undefined) return undefined
  // Decoding leaves U+FFFD for what is no UTF-8; UTF-16 is full of NUL.
  const line = text.split('\n').findIndex((one) => /[\uFFFD\0]/.test(one)) + 1
  return { text, problems: line === 0 ? [] : [notUtf8({ file, line })] }
}

/**
 * The bytes of a file, or undefined when there is none.
 *
 * @throws MailshotError where there is one that may not be read
 */
export async function readBytes(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw unreadable(file, cause)
  }
}

type Source = CampaignFiles['sources'][number]

const source = /^([^/]+)\.(md|mjml)$/
const likeSource = /^([^/]+)\.(?:md|mjml|mdx|markdown|mdown|mkd)$/i

function describe(
  folder: string,
  name: string,
  beside: string[],
  lang: string | undefined,
): Source {
  const text = name.replace(source, '$1.txt')
  return {
    lang,
    file: join(folder, name),
    format: name.endsWith('.md') ? 'md' : 'mjml',
    textFile: beside.includes(text) ? join(folder, text) : undefined,
  }
}

function nameProblems(root: string, slug: string, sources: Source[]): Problem[] {
  const first = sources[0]
  if (!first) {
    const what = `no campaign "${slug}"`
    const why = `there is neither ${slug}.md nor ${slug}.mjml nor a folder ${slug}/ with one file a language`
    return [
      errorAt({ file: join(root, slug), line: 1 }, what, why, 'run mailshot check for their names'),
    ]
  }
  const named = sources.filter((one) => one.lang !== undefined && !isLanguageTag(one.lang))
  const problems = named.map((one) =>
    errorAt(
      { file: one.file, line: 1 },
      `"${one.lang}" is not a language`,
      'in a folder each file is one language of the same campaign',
      'name it fr.md or pt-BR.mjml',
    ),
  )
  if (slugPattern.test(slug)) return problems
  const cure = 'rename it with lower-case letters, digits and dashes: 2026-11-hello'
  return [
    ...problems,
    errorAt(
      { file: first.file, line: 1 },
      `"${slug}" cannot be a slug`,
      'it becomes part of an address',
      cure,
    ),
  ]
}

function wrongEnding(file: string): Problem[] {
  const name = basename(file)
  if (source.test(name) || !likeSource.test(name)) return []
  const why = 'a campaign ends in .md or .mjml, in small letters'
  const cure = `rename it to ${name.replace(/\.\w+$/, /mjml$/i.test(name) ? '.mjml' : '.md')}`
  return [errorAt({ file, line: 1 }, `"${name}" is not read`, why, cure)]
}

function doubles(sources: Source[]): Problem[] {
  const seen = new Map<string | undefined, Source>()
  const problems: Problem[] = []
  for (const one of sources) {
    const other = seen.get(one.lang) ?? (one.lang !== undefined ? seen.get(undefined) : undefined)
    seen.set(one.lang, one)
    if (!other) continue
    const why = `${other.file} holds the same campaign`
    problems.push(
      errorAt({ file: one.file, line: 1 }, 'two files for one mail', why, 'keep one of them'),
    )
  }
  return problems
}

async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    if (isAbsent(cause)) return []
    throw unreadable(folder, cause)
  }
}

function notUtf8(place: Place): Problem {
  return errorAt(
    place,
    'the file is not UTF-8',
    'a character on this line was lost or would be',
    'save the file as UTF-8, and write the character again',
  )
}

/** Names that no file can have are those of no file. */
const absent = new Set(
  'ENOENT ENOTDIR EISDIR ENAMETOOLONG ELOOP EINVAL ERR_INVALID_ARG_VALUE'.split(' '),
)

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && absent.has(String(cause.code))
}

function unreadable(path: string, cause: unknown): MailshotError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new MailshotError(`${path} cannot be read: ${why}; check its permissions`, { cause })
}
