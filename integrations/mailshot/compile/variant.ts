import type { CampaignVariant } from '../campaign.ts'
import { errorAt, type Place, type Problem } from '../campaign/problem.ts'
import type { CompiledVariant } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { directionOf, textsFor } from '../texts.ts'
import type { RenderedVariant } from './archive-page.ts'
import { checkMerge } from './check-merge.ts'
import { emptySubject, isInText, noLink } from './every-reader.ts'
import type { Fields } from './fields.ts'
import type { PreparedImages } from './images.ts'
import { flatten, htmlNodes, type Node, plainNodes, toTemplate } from './nodes.ts'
import { lintLeftovers } from './leftovers.ts'
import { tagsIn } from './lost-tokens.ts'
import { lintRendered } from './lint-rendered.ts'
import { inComponent, locateIn, notYetKnown } from './locate.ts'
import { compileHtml } from './mail-html.ts'
import { paramStatics, type Statics, staticsOf } from './statics.ts'
import { rowText, joinTagLines, mailText, markdownText, textFooter } from './text-part.ts'
import { addFragment, createTokens, type Tokens } from './tokens.ts'
import { protectText } from './protect-text.ts'
import { tagLinks, tagText, type Utm } from './utm.ts'

interface VariantImages {
  own: PreparedImages
  layout: PreparedImages
}

/** What the mail is for: what may be merged into it, and what it must have. */
export interface Purpose {
  fields: Fields
  /** The field whose address every reader must find as a link; undefined for none. */
  link: string | undefined
  utm: Utm | undefined
}

/** What the steps of compiling one language share. */
export interface VariantContext {
  config: MailshotConfig
  variant: CampaignVariant
  tokens: Tokens
  statics: Statics
  images: PreparedImages
  layoutImages: PreparedImages
  problems: Problem[]
}

/** Compiles one language of a campaign, noting every problem on the way. */
export async function compileVariant(
  config: MailshotConfig,
  variant: CampaignVariant,
  images: VariantImages,
  { fields, link, utm }: Purpose,
): Promise<{ compiled: CompiledVariant; rendered: RenderedVariant; problems: Problem[] }> {
  const context = openContext(config, variant, images)
  const { tokens, problems } = context
  const subject = protectText(context, variant.subject.text, variant.subject.place)
  const preheader = protectText(context, variant.preheader.text, variant.preheader.place)
  problems.push(...lintLeftovers(subject, variant.subject.place, tokens))
  problems.push(...lintLeftovers(preheader, variant.preheader.place, tokens))
  const { html, content } = await compileHtml(context, {
    subject: addFragment(tokens, subject, variant.subject.place),
    preheader: preheader && addFragment(tokens, preheader, variant.preheader.place),
  })
  const { nodes, problems: misplaced } = htmlNodes(tokens, utm ? tagLinks(html, utm) : html)
  const texts = {
    subject: plainNodes(tokens, subject, 'header'),
    preheader: plainNodes(tokens, preheader, 'plain'),
    html: nodes,
    text: textNodes(context, { html, content, utm, fields }),
  }
  const merged = Object.values(texts).flatMap((one) => checkMerge(flatten(tokens, one), fields))
  problems.push(...misplaced, ...merged, ...emptySubject(tokens, subject, variant.subject.place))
  problems.push(...notYetKnown(problems, lintOf(context, html, link)))
  return {
    compiled: {
      lang: variant.lang,
      dir: directionOf(variant.lang),
      subject: toTemplate(tokens, texts.subject),
      preheader: toTemplate(tokens, texts.preheader),
      html: toTemplate(tokens, texts.html),
      text: toTemplate(tokens, texts.text),
      size: Buffer.byteLength(html),
    },
    rendered: { format: variant.format, tokens, html, content },
    problems: inComponent(variant.layout, problems),
  }
}

function openContext(
  config: MailshotConfig,
  variant: CampaignVariant,
  images: VariantImages,
): VariantContext {
  const sources = [
    variant.subject.text,
    variant.preheader.text,
    variant.body,
    variant.text?.body ?? '',
    variant.layout?.body ?? '',
  ]
  const statics = staticsOf(config, variant.lang, textsFor(config, variant.lang))
  return {
    config,
    variant,
    tokens: createTokens([...sources, config.site, config.postalAddress]),
    statics: { ...statics, ...paramStatics(variant.layout?.params ?? {}) },
    images: images.own,
    layoutImages: images.layout,
    problems: [],
  }
}

/** What is wrong with the finished HTML, whatever way it got there. */
function lintOf(context: VariantContext, html: string, link: string | undefined): Problem[] {
  const { config, variant, tokens, layoutImages } = context
  const { file, body, bodyLine, layout } = variant
  const own = { text: body, place: { file, line: bodyLine } }
  const outer = layout && {
    text: layout.body,
    place: { file: layout.file, line: layout.bodyLine },
  }
  const locate = (...texts: string[]) => locateIn(outer ? [own, outer] : [own], ...texts)
  const images = new Map([...layoutImages, ...context.images])
  // Where to leave is said by layouts, what a letter is about by its own text.
  const linkPlace = (link === 'url_unsubscribe' ? (outer ?? own) : own).place
  return [
    ...lintRendered(html, { tokens, images, site: config.site, locate }),
    // Without a layout, or with broken MJML, there is nothing to look for it in.
    ...(html === '' || link === undefined
      ? []
      : noLink(tokens, html, { field: link, place: linkPlace })),
  ]
}

function textNodes(
  context: VariantContext,
  {
    html,
    content,
    utm,
    fields,
  }: { html: string; content: string } & Pick<Purpose, 'utm' | 'fields'>,
): Node[] {
  const { tokens, statics, variant } = context
  const place: Place = { file: variant.text?.file ?? variant.file, line: 1 }
  const written = variant.text && protectText(context, variant.text.body, place)
  context.problems.push(...lintLeftovers(written ?? '', place, tokens))
  const plain = written?.trim() ?? textOf(context, html, content)
  const body = utm ? tagText(plain, utm) : plain
  // What this mail has no address for is not missing.
  const has = (field: string) => !fields.has(field) || isInText(tokens, body, field)
  const footer = protectText(context, textFooter(body, has, statics), place)
  return plainNodes(tokens, joinTagLines(tokens, `${body}\n`) + footer, 'plain')
}

/** A table in columns has no room for block tags between its cells: then it is written row by row. */
function textOf(
  { tokens, variant, problems }: VariantContext,
  html: string,
  content: string,
): string {
  const source = variant.format === 'md' ? content : html
  const texts =
    variant.format === 'md' ? [markdownText(content), rowText(content)] : [mailText(html)]
  const whole = texts.find((text) => tagsIn(tokens, text) === tagsIn(tokens, source))
  if (whole === undefined) {
    const place = { file: variant.file, line: variant.bodyLine }
    const why = 'some block tags stand where plain text has no place'
    const cure = `write the text part yourself, in ${variant.file.replace(/\.\w+$/, '.txt')}`
    problems.push(errorAt(place, 'no text part can be made', why, cure))
  }
  return whole ?? ''
}
