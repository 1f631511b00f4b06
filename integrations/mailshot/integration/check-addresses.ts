import type { AstroConfig, HookParameters } from 'astro'
import { AstroError } from 'astro/errors'
import type { MailshotConfig } from '../config.ts'

type Setup = Pick<HookParameters<'astro:config:setup'>, 'config' | 'logger'>

/**
 * Compares the addresses that mails link to with those that Astro answers.
 *
 * @throws AstroError, with a hint, where a link would lead nowhere
 */
export function checkAddresses(config: MailshotConfig, { config: astro, logger }: Setup): void {
  const { base, archive, formerBases } = config
  const paths: Path[] = [
    ['base', base],
    ...(archive === false ? [] : [['archive', archive] as const]),
    ...formerBases.map((path) => ['formerBases', path] as const),
  ]
  checkBase(paths, astro)
  checkLanguages(paths, astro)
  checkSlash(config, astro)
  if (new URL(String(astro.site)).origin === new URL(config.site).origin) return
  logger.warn(
    `astro.config says the site is ${astro.site}, mailshot.config.ts says ${config.site}; mails link to the latter`,
  )
}

/** With the option that says it. */
type Path = readonly [option: string, path: string]

function checkBase(paths: readonly Path[], astro: AstroConfig): void {
  const base = astro.base.replace(/\/$/, '')
  const wrong = paths.filter(([, path]) => !path.startsWith(`${base}/`))
  if (wrong.length === 0) return
  throw new AstroError(
    `astro-mailshot: the site lives at ${base}, but mailshot.config.ts puts pages at ${listOf(wrong)}.`,
    `Write there: ${meant(wrong, (path) => base + path)}`,
  )
}

/** Astro answers 404 for every page that has no language in front, where the site says that all have. */
function checkLanguages(paths: readonly Path[], { i18n, base }: AstroConfig): void {
  if (typeof i18n?.routing !== 'object' || !i18n.routing.prefixDefaultLocale) return
  const start = base.replace(/\/$/, '')
  const locales = i18n.locales.map((one) => (typeof one === 'string' ? one : one.path))
  const isInLanguage = (path: string) =>
    locales.some((locale) => path.startsWith(`${start}/${locale}/`))
  const wrong = paths.filter(([, path]) => !isInLanguage(path))
  if (wrong.length === 0) return
  const inLanguage = (path: string) => `${start}/${i18n.defaultLocale}${path.slice(start.length)}`
  throw new AstroError(
    `astro-mailshot: i18n.routing puts a language in front of every page, but mailshot.config.ts puts pages at ${listOf(wrong)}.`,
    `Write there: ${meant(wrong, inLanguage)}. The pages speak each reader's language, whatever stands in front.`,
  )
}

function listOf(paths: readonly Path[]): string {
  return paths.map(([, path]) => path).join(' and ')
}

function meant(paths: readonly Path[], cure: (path: string) => string): string {
  return paths.map(([option, path]) => `${option}: '${cure(path)}'`).join(', ')
}

function checkSlash(config: MailshotConfig, { trailingSlash }: AstroConfig): void {
  const isAlways = trailingSlash === 'always'
  if (trailingSlash === 'ignore' || config.trailingSlash === isAlways) return
  throw new AstroError(
    `astro-mailshot: trailingSlash is '${trailingSlash}' in astro.config, but links in mails are made ${config.trailingSlash ? 'with' : 'without'} a slash.`,
    `Write trailingSlash: ${isAlways} in mailshot.config.ts.`,
  )
}
