/** The site's settings: an alias of its `mailshot.config.ts`. */
declare module 'virtual:mailshot/config' {
  import type { MailshotConfig } from 'astro-mailshot/config'
  const config: MailshotConfig
  export default config
}

/** The letters that the site words itself, compiled. */
declare module 'virtual:mailshot/letters' {
  import type { LetterTemplate } from 'astro-mailshot/integrations/mailshot/letter/template.ts'
  const letters: LetterTemplate[]
  export default letters
}

/** What wraps the pages readers meet: the component that `pageLayout` names, else our own. */
declare module 'virtual:mailshot/layout' {
  interface Props {
    title: string
    lang: string
    dir: 'ltr' | 'rtl'
    description?: string | undefined
  }
  export default function Layout(props: Props): unknown
}

/** The mail layouts that are Astro components, by their path from the project's root, with a slash in front. */
declare module 'virtual:mailshot/layouts' {
  import type { AstroComponentFactory } from 'astro/runtime/server/index.js'
  const layouts: Record<
    string,
    () => Promise<{ default: AstroComponentFactory; title?: unknown; params?: unknown }>
  >
  export default layouts
}

/** The path that the site lives at, as astro.config's `base` says, without a slash at its end. */
declare const SITE_BASE: string
/** The slugs whose files said `archive: false` when the site was built: so a letter is taken off the archive. */
declare const UNLISTED_CAMPAIGNS: readonly string[]
/** Whether astro.config leaves the check of a form's Origin on, for the site's own routes. */
declare const SITE_CHECKS_ORIGIN: boolean
