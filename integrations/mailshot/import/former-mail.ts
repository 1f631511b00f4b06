import type { CompiledCampaign, Template } from '../compile.ts'
import { contentHash } from '../compile/content-hash.ts'
import { type Escape, escapeHtml } from '../compile/escape.ts'
import { fieldsOf } from '../compile/fields.ts'
import { compact, type TemplatePart } from '../compile/template.ts'
import type { MailshotConfig } from '../config.ts'
import { directionOf } from '../texts.ts'
import type { FormerSend } from './history.ts'

/** A mail of another system as a compiled campaign, as our history keeps them. It is in the site's language, and in no archive. */
export function compiledFrom(
  config: MailshotConfig,
  { subject, html, text, from, lists }: FormerSend,
  slug: string,
): CompiledCampaign {
  const { lang } = config
  const shown = html || `<pre>${escapeHtml(text)}</pre>`
  const variant = {
    lang,
    dir: directionOf(lang),
    subject: formerTemplate(config, subject, 'header'),
    preheader: [],
    html: formerTemplate(config, shown, 'html'),
    text: formerTemplate(config, text, 'plain'),
    size: Buffer.byteLength(shown),
  }
  const mailed = {
    variants: { [lang]: variant },
    from: from ?? null,
    replyTo: null,
    track: { opens: false, clicks: false },
  }
  return {
    slug,
    hash: contentHash(mailed),
    lists,
    send: 'manual',
    archive: false,
    fallback: lang,
    images: [],
    ...mailed,
    pages: {},
  }
}

/**
 * Old placeholders as merge fields: `@nom@`, `@@nom@@` and `#ENV{nom}` are `{{ nom }}`. A word in the place of one that is no field
 * here vanishes, as it did there; what is written around an address stays.
 */
function formerTemplate(
  config: MailshotConfig,
  text: string,
  escape: Exclude<Escape, 'url' | 'url-part'>,
): Template {
  const fields = fieldsOf(config)
  const parts: TemplatePart[] = []
  let at = 0
  for (const match of text.matchAll(placeholder)) {
    const before = text.slice(at, match.index)
    const name = (match[1] ?? match[2] ?? '').toLowerCase()
    parts.push(before)
    if (fields.has(name)) parts.push({ output: name, escape: inAddress(before, escape) })
    at = match.index + match[0].length
  }
  parts.push(text.slice(at))
  return compact(parts)
}

/** Not within an address: `anne@nom@example` is none, and `a@b.org, c@d.org` has none between its two at signs. */
const placeholder = /(?<![\w.@+-])@{1,2}(\w+)@{1,2}(?![\w@])|\\?#ENV\{(\w+)[^}]*\}/g

function inAddress(before: string, escape: Escape): Escape {
  return escape === 'html' && /\b(?:href|src)\s*=\s*["']?$/i.test(before.slice(-20))
    ? 'url'
    : escape
}
