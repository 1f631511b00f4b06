import { basename, dirname } from 'node:path'
import { MailshotError } from '../error.ts'

/**
 * The slug of a campaign, which may be named by a path: `campaigns/june.md`, `campaigns/june/fr.md` and `campaigns/june/`
 * are `june`.
 */
export function slugOf(name: string): string {
  const path = name.replace(/[\\/]+$/, '')
  const file = basename(path)
  const slug = file.replace(/\.(?:md|mjml)$/, '')
  if (slug === file) return file
  // In a folder of variants, the file is named for its language.
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/.test(slug) && dirname(path) !== '.'
    ? basename(dirname(path))
    : slug
}

/** The one campaign that a command is about. */
export function requireSlug(command: string, positionals: string[]): string {
  const [name] = positionals
  if (name) return slugOf(name)
  throw new MailshotError(
    `${command}: which campaign? For example: mailshot ${command} 2026-06-launch`,
  )
}
