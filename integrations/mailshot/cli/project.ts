import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { LetterTemplate } from '../letter/template.ts'
import { openLog } from '../log.ts'
import { type Mailshot, type OpenOptions, openMailshot } from '../mailshot.ts'
import { waitBriefly } from './signals.ts'

const places = ['src/mailshot.config.ts', 'mailshot.config.ts', 'mailshot.config.mjs']

/**
 * Finds the settings, goes to the project's root (paths in them are meant from there), loads its `.env` without
 * overriding anything, and reads them. Call it once a process: a file named on the command line is to be resolved
 * before.
 */
export async function readProject(values: {
  config?: string | undefined
}): Promise<MailshotConfig> {
  const file = values.config === undefined ? findConfig(process.cwd()) : resolve(values.config)
  if (file === undefined) {
    throw new MailshotError(
      `no settings found: neither here nor in a folder above is there a ${places[0]}; ` +
        'go to the project, or name the file with --config FILE',
    )
  }
  if (!existsSync(file)) throw new MailshotError(`--config ${values.config}: there is no such file`)
  process.chdir(rootOf(file))
  if (existsSync('.env')) process.loadEnvFile('.env')
  return await importConfig(file)
}

function findConfig(folder: string): string | undefined {
  const found = places.map((place) => join(folder, place)).find((file) => existsSync(file))
  if (found !== undefined || dirname(folder) === folder) return found
  return findConfig(dirname(folder))
}

/** The nearest folder with a package.json, from the settings upwards; else the one they are in. */
function rootOf(file: string): string {
  for (let folder = dirname(file); dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return dirname(file)
}

async function importConfig(file: string): Promise<MailshotConfig> {
  const config = await importDefault(file)
  if (isConfig(config)) return config
  throw new MailshotError(`${file} has to say: export default defineConfig({ … })`)
}

async function importDefault(file: string): Promise<unknown> {
  try {
    return (await import(pathToFileURL(file).href)).default
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // What is wrong inside is told of a file by its usual name; this one may have another.
    const what = error.message.replace(/^mailshot\.config\.ts is wrong/, 'it is wrong')
    const text = error instanceof MailshotError ? what : `it cannot be read: ${what}`
    throw new MailshotError(`${file}: ${text}`, { cause: error })
  }
}

function isConfig(value: unknown): value is MailshotConfig {
  return typeof value === 'object' && value !== null && 'secrets' in value
}

/** The letters that the site words itself, compiled; one with mistakes is told by `mailshot check`. */
export async function ownLetters(config: MailshotConfig): Promise<LetterTemplate[]> {
  const { readLetters, templatesOf } = await import('../letter/files.ts')
  return templatesOf(await readLetters(config))
}

/** Opens the project's Mailshot for one piece of work, and closes it whatever happens. */
export async function withMailshot<Result>(
  values: { config?: string | undefined },
  work: (mailshot: Mailshot) => Promise<Result>,
  options: OpenOptions = {},
): Promise<Result> {
  const config = await readProject(values)
  return workWith(await openMailshot(config, { log: openLog('warn'), ...options }), work)
}

/** Does one piece of work and closes. What it throws is thrown though the disk is stalled, so that it is said before the process ends. */
export async function workWith<Result>(
  mailshot: Mailshot,
  work: (mailshot: Mailshot) => Promise<Result>,
): Promise<Result> {
  let result: Result
  try {
    result = await work(mailshot)
  } catch (error) {
    await waitBriefly(mailshot.close())
    throw error
  }
  await mailshot.close()
  return result
}

/** Who does it, for the audit: the command line, and the account it runs under. */
export function actor(): string {
  return `cli:${process.env['USER'] ?? process.env['LOGNAME'] ?? 'unknown'}`
}
