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
  const paths = [config.base, ...(config.archive === false ? [] : [config.archive])]
  checkBase(paths, astro)
  checkLanguages(paths, astro)
  checkSlash(config, astro)
  if (new URL(String(astro.site)).origin === new URL(config.site).origin) return
  logger.warn(
    `astro.config says the site is ${astro.site}, mailshot.config.ts says ${config.site}; mails link to the latter`,
  )
}

function checkBase(paths: string[], astro: AstroConfig): void {
  const base = astro.base.replace(/\/$/, '')
  const outside = paths.find((path) => !path.startsWith(`${base}/`))
  if (outside === undefined) return
  throw new AstroError(
    `astro-mailshot: the site lives at ${base}, but mailshot.config.ts puts pages at ${outside}.`,
    `Write ${base}${outside} there.`,
  )
}

/** Astro answers 404 for every page that has no language in front, where the site says that all have. */
function checkLanguages(paths: string[], { i18n, base }: AstroConfig): void {
  if (typeof i18n?.routing !== 'object' || !i18n.routing.prefixDefaultLocale) return
  const start = base.replace(/\/$/, '')
  const locales = i18n.locales.map((one) => (typeof one === 'string' ? one : one.path))
  const isInLanguage = (path: string) =>
    locales.some((locale) => path.startsWith(`${start}/${locale}/`))
  const outside = paths.find((path) => !isInLanguage(path))
  if (outside === undefined) return
  const meant = `${start}/${i18n.defaultLocale}${outside.slice(start.length)}`
  throw new AstroError(
    `astro-mailshot: i18n.routing puts a language in front of every page, but mailshot.config.ts puts pages at ${outside}.`,
    `Write ${meant} there. The pages speak each reader's language, whatever stands in front.`,
  )
}

function checkSlash(config: MailshotConfig, { trailingSlash }: AstroConfig): void {
  const isAlways = trailingSlash === 'always'
  if (trailingSlash === 'ignore' || config.trailingSlash === isAlways) return
  throw new AstroError(
    `astro-mailshot: trailingSlash is '${trailingSlash}' in astro.config, but links in mails are made ${config.trailingSlash ? 'with' : 'without'} a slash.`,
    `Write trailingSlash: ${isAlways} in mailshot.config.ts.`,
  )
}
