import { basename } from 'node:path'
import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { isWritable, type WritableKind, writable } from '../letter/template.ts'
import type { SampleLetter } from '../letter/sample.ts'
import { languageFor } from '../message.ts'
import { count } from './format.ts'
import { reportProblems } from './problems.ts'
import type { Terminal } from './terminal.ts'

/**
 * The letter that a command is about, where it is one: `letters/welcome`, or the path of its file. Undefined for a campaign.
 *
 * @throws MailshotError for a letter that there is not
 */
export function letterNamed(
  { campaigns }: Pick<MailshotConfig, 'campaigns'>,
  name: string,
): WritableKind | undefined {
  const kind = inLetters.exec(name)?.[1]
  if (kind === undefined || isWritable(kind)) return kind
  // Its campaigns may stand in a folder of that name.
  if (basename(campaigns) === 'letters') return undefined
  throw new MailshotError(
    `there is no letter "${kind}"; ${didYouMean(kind, Object.keys(writable))}`,
  )
}

/** A letter's file, its folder, or a file in that. */
const inLetters = /(?:^|[/\\])letters[/\\]([\w-]+)(?:\.(?:md|mjml)|[/\\](?:[\w-]+\.(?:md|mjml))?)?$/

/**
 * Reads a letter, in the site's words or in ours. What is wrong is shown.
 *
 * @throws MailshotError where the site's own words have a mistake
 */
export async function readChecked(
  config: MailshotConfig,
  kind: WritableKind,
  terminal: Terminal,
): Promise<SampleLetter> {
  // Loads MJML.
  const { readSampleLetter } = await import('../letter/sample.ts')
  const letter = await readSampleLetter({ config, now: Date.now }, kind)
  if (reportProblems(terminal, letter.problems)) return letter
  const errors = letter.problems.filter(({ severity }) => severity === 'error').length
  const mailed = kind === 're-consent' ? 'nobody is asked' : 'our words are mailed instead'
  throw new MailshotError(`letters/${kind}: ${count(errors, 'error')}, so ${mailed}`)
}

/**
 * The languages that are asked for by `--lang`, else the reader's own, else each that there is.
 *
 * @throws MailshotError where `--lang` says one that the letter is not written in
 */
export function letterLanguages(
  { kind, langs, fallback }: SampleLetter,
  asked: string | undefined,
  own?: string,
): string[] {
  const wanted = asked ?? own
  if (wanted === undefined) return langs
  const variants = Object.fromEntries(langs.map((one) => [one, true]))
  const given = languageFor({ variants, fallback }, wanted)
  if (asked === undefined || given.split('-')[0] === asked.split('-')[0]) return [given]
  throw new MailshotError(
    `--lang ${asked}: letters/${kind} is not written in that language; ${didYouMean(asked, langs)}`,
  )
}
