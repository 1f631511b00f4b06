import { localize, type MailshotConfig } from '../config.ts'
import type { Texts } from '../texts.ts'

/** What a campaign may say that is known when it is compiled: `site.title`, `words.unsubscribe`, `params.colour`. */
export type Statics = Record<string, string>

/** The site's own values and the words in the variant's language. */
export function staticsOf(config: MailshotConfig, lang: string, texts: Texts): Statics {
  const words = Object.entries(texts.mail).map(([name, text]) => [`words.${name}`, text])
  return {
    'site.title': localize(config.title, lang, config.lang),
    'site.url': config.site,
    'site.address': config.postalAddress,
    dir: texts.dir,
    ...Object.fromEntries(words),
  }
}

/** A layout's parameters, as statics. */
export function paramStatics(params: Record<string, string>): Statics {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [`params.${name}`, value]),
  )
}

/** An expression that could only be a static, but is none: a misspelt word or parameter. */
export function unknownStatic(expression: string): boolean {
  return /^(?:site|words|params)\.\w+/.test(expression)
}
