import { errorAt, lineAt, type Place } from '../campaign/problem.ts'
import { directionOf } from '../texts.ts'
import { brokenMarkup } from './comments.ts'
import { findInMarkdown, findInMarkup } from './findings.ts'
import { footerMjml } from './footer.ts'
import type { PreparedImages } from './images.ts'
import { lintLeftovers } from './leftovers.ts'
import { lint, lintMarkdown } from './lint.ts'
import { locateIn } from './locate.ts'
import { absoluteHtml, renderMarkdown } from './markdown.ts'
import { lostTokens } from './lost-tokens.ts'
import { completeMjml, renderMjml } from './mjml.ts'
import { protectMarkdown, protectMarkup } from './protect-text.ts'
import { addFragment } from './tokens.ts'
import type { VariantContext } from './variant.ts'

/** The tokens that stand for what the front matter says; empty where it says nothing. */
interface Words {
  subject: string
  preheader: string
}

/** Makes the HTML of one language, its placeholders still tokens; `content` is the Markdown's part of it. */
export async function compileHtml(
  context: VariantContext,
  words: Words,
): Promise<{ html: string; content: string }> {
  const { variant, tokens, problems } = context
  const content = variant.format === 'md' ? compileMarkdown(context) : ''
  const { source, place, placeAt } = variant.layout
    ? inLayout(context, words, content)
    : wholeMail(context, words)
  if (source === '') return { html: '', content }
  const { html, problems: wrong } = await renderMjml(tokens, source, placeAt)
  problems.push(...wrong, ...(html === '' ? [] : lostTokens(tokens, source, html, place)))
  return { html, content }
}

function compileMarkdown(context: VariantContext): string {
  const { variant, tokens, images, config, problems } = context
  const place = { file: variant.file, line: variant.bodyLine }
  const body = protectMarkdown(context, variant.body, place)
  const html = renderMarkdown(tokens, body)
  const findings = findInMarkdown(body, placeFrom(place))
  problems.push(
    ...lostTokens(tokens, body, html, place),
    ...lintMarkdown(findings, { prefix: tokens.prefix, images, site: config.site }),
    ...lintLeftovers(body, place, tokens),
    ...brokenMarkup(html, (_offset, text) => locateIn([{ text: body, place }], text)),
  )
  return absoluteHtml(html, images, config.site)
}

interface MjmlSource {
  source: string
  place: Place
  placeAt: (line: number) => Place
}

function inLayout(context: VariantContext, words: Words, content: string): MjmlSource {
  const { variant, tokens, layoutImages, config } = context
  const { file = '', body = '', bodyLine = 1 } = variant.layout ?? {}
  const place = { file, line: bodyLine }
  const word = addFragment(tokens, '', place)
  const own = new Map([...Object.entries(words), ['content', word]])
  const layout = protectMarkup(context, withLanguage(body, variant.lang), place, own)
  lintMjml(context, layout, place, layoutImages)
  if (!layout.includes(word)) {
    const slot = file.endsWith('.astro') ? '<slot />' : '{{ content }}'
    const cure = `put ${slot} in an <mj-text>`
    context.problems.push(
      errorAt(
        place,
        'the layout has no {{ content }}',
        'the campaign would not be in the mail',
        cure,
      ),
    )
  }
  const before = layout.slice(0, layout.indexOf(word)).split('\n').length
  const inserted = content.split('\n').length - 1
  const source = complete(
    context,
    absoluteHtml(layout, layoutImages, config.site).replace(word, () => content),
    words,
  )
  // Lines below the content have moved down by its length.
  const placeAt = (line: number) => ({
    file,
    line: bodyLine - 1 + (line <= before ? line : Math.max(before, line - inserted)),
  })
  return { source, place, placeAt }
}

function wholeMail(context: VariantContext, words: Words): MjmlSource {
  const { variant, images, config } = context
  const place = { file: variant.file, line: variant.bodyLine }
  if (variant.format === 'md') return { source: '', place, placeAt: () => place }
  const body = variant.body.replace(/\{\{-?\s*footer\s*-?\}\}/, () => footerMjml)
  const text = protectMarkup(
    context,
    withLanguage(body, variant.lang),
    place,
    new Map(Object.entries(words)),
  )
  lintMjml(context, text, place, images)
  const source = complete(context, absoluteHtml(text, images, config.site), words)
  return {
    source,
    place,
    placeAt: placeFrom(place),
  }
}

function lintMjml(
  context: VariantContext,
  source: string,
  place: Place,
  images: PreparedImages,
): void {
  const { tokens, config, problems } = context
  const findings = findInMarkup(source, placeFrom(place))
  problems.push(
    ...lint(findings, { prefix: tokens.prefix, images, site: config.site }),
    ...lintLeftovers(source, place, tokens),
    ...brokenMarkup(source, (offset) => placeFrom(place)(lineAt(source, offset, 1))),
  )
}

/** Places by the line of a text that begins at a place. */
function placeFrom({ file, line: first }: Place): (line: number) => Place {
  return (line) => ({ file, line: first - 1 + line })
}

/** In the opening tag the language is the variant's; everywhere else `lang` is the reader's. */
function withLanguage(source: string, lang: string): string {
  const dir = directionOf(lang)
  return source.replace(/<mjml\b[^>]*>/, (tag) =>
    tag.replace(/\{\{\s*lang\s*\}\}/g, lang).replace(/\{\{\s*dir\s*\}\}/g, dir),
  )
}

function complete({ variant }: VariantContext, source: string, words: Words): string {
  const { lang } = variant
  return completeMjml(source, {
    lang,
    dir: directionOf(lang),
    title: words.subject,
    preview: words.preheader,
  })
}
