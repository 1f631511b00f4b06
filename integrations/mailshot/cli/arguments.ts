import { basename, dirname, resolve } from 'node:path'
import { didYouMean } from '../closest.ts'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import { listSummary } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'

/**
 * The slug of a campaign, which may be named by a path: `campaigns/june.md`, `campaigns/june/fr.md` and `campaigns/june/`
 * are `june`.
 */
export function slugOf(name: string): string {
  const path = resolve(name)
  const slug = basename(path).replace(/\.(?:md|mjml)$/, '')
  if (slug === basename(path)) return slug
  // In a folder of variants, the file is named for its language.
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/.test(slug) ? basename(dirname(path)) : slug
}

/** The one campaign that a command is about. */
export function requireSlug(command: string, positionals: string[]): string {
  const [name] = positionals
  if (name) return slugOf(name)
  throw new MailshotError(
    `${command}: which campaign? For example: mailshot ${command} 2026-06-launch`,
  )
}

/** What the command line calls a send: its id, or a slug. */
export function requireSendName([name]: string[]): string {
  if (name) return name
  throw new MailshotError('which send? Give its id or its slug; mailshot status lists them')
}

/** The identity of an address given on the command line. */
export function parseAddress(text: string): string {
  const parsed = parseEmailAddress(text)
  if (parsed) return parsed.identity
  throw new MailshotError(`"${text}" is not an e-mail address; write it like name@example.org`)
}

/**
 * The lists that `--list` names, repeated or with commas, each once; `undefined` when it is not there.
 *
 * @throws MailshotError for one that is not known
 */
export function parseLists(
  texts: readonly string[] | undefined,
  known: readonly string[],
): string[] | undefined {
  const ids = texts?.flatMap((text) => text.split(',')).map((id) => id.trim())
  const unknown = ids?.find((id) => !known.includes(id))
  if (unknown === undefined) return ids && [...new Set(ids)]
  throw new MailshotError(`--list ${unknown}: there is no such list; ${didYouMean(unknown, known)}`)
}

/** The lists of the settings, which people join and campaigns go to. */
export function openLists({ config }: Pick<Mailshot, 'config'>): string[] {
  return Object.keys(config.lists)
}

/** Those, and the closed ones that people are still on. */
export async function allLists(mailshot: Mailshot): Promise<string[]> {
  return (await listSummary(mailshot)).map(({ id }) => id)
}
