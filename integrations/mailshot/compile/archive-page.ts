import { type HtmlAttribute, scanHtml, voidElements } from './html-scan.ts'
import { htmlNodes, toTemplate } from './nodes.ts'
import type { Template } from './template.ts'
import { tokensIn, type Tokens } from './tokens.ts'

/** One language of a campaign as the public archive shows it; its subject and preheader are the mail's. */
export interface ArchivePage {
  /** `content` is bare, for the site to dress in its own design; `mail` is a whole mail with a design of its own. */
  kind: 'content' | 'mail'
  html: Template
}

/** The finished HTML of one language, its placeholders still tokens. */
export interface RenderedVariant {
  format: 'md' | 'mjml'
  tokens: Tokens
  html: string
  /** The Markdown's part of it. */
  content: string
}

/**
 * Makes the page of a mail: what is Markdown without its layout, and either without its foot, which is about the reader
 * that a visitor is not.
 */
export function archivePage({ format, tokens, html, content }: RenderedVariant): ArchivePage {
  const shown = withoutFoot(tokens, format === 'md' ? content : html)
  return {
    kind: format === 'md' ? 'content' : 'mail',
    html: toTemplate(tokens, htmlNodes(tokens, shown).nodes),
  }
}

interface Mail {
  elements: Element[]
  /** What a reader sees. */
  texts: Range[]
}

interface Range {
  start: number
  end: number
}

interface Element extends Range {
  name: string
  attributes: HtmlAttribute[]
}

/** Takes each unsubscribe link out, with as much around it as is there for its sake. */
function withoutFoot(tokens: Tokens, html: string): string {
  const elements = elementsOf(html)
  const mail = { elements, texts: textsOf(html, elements) }
  const links = elements.filter((element) => isUnsubscribeLink(tokens, element))
  const cuts = [...new Set(links.flatMap((link) => footOf(mail, link) ?? []))]
  return cuts
    .filter((cut) => !cuts.some((other) => other !== cut && isInside(cut, other)))
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end }) => text.slice(0, start) + text.slice(end), html)
}

function isUnsubscribeLink(tokens: Tokens, { name, attributes }: Element): boolean {
  const href = attributes.find((attribute) => attribute.name === 'href')?.value ?? ''
  const linked = tokensIn(tokens, href).map(({ token }) => token.source)
  return name === 'a' && linked.some((source) => /^url_unsubscribe\b/.test(source))
}

/**
 * The section of the mail that holds the link, where it is short, has no heading and leaves something to read; else the
 * block, else the paragraph, else the link alone. A condition begins and ends in one element, so none is cut in two.
 */
function footOf(mail: Mail, link: Element): Element | undefined {
  const around = mail.elements
    .filter((element) => isInside(link, element))
    .toSorted((a, b) => a.end - a.start - (b.end - b.start))
  const candidates: [foot: Element | undefined, longest: number][] = [
    [around.find(isSection), longestFoot],
    [around.find(({ name }) => name === 'div'), longestFoot],
    [around.find(({ name }) => paragraphs.has(name)), longestParagraph],
    [link, Infinity],
  ]
  return candidates.find(([foot, longest]) => foot && isFoot(mail, foot, longest))?.[0]
}

/** A foot says who sends the mail, why, and how to leave; what is longer has more to say. */
const longestFoot = 800
const longestParagraph = 300
const paragraphs = new Set(['p', 'li', 'td', 'th', 'dd'])

/** As MJML writes one. */
function isSection({ name, attributes }: Element): boolean {
  const style = attributes.find((attribute) => attribute.name === 'style')?.value ?? ''
  return name === 'div' && /margin:0(?:px)? auto;/.test(style) && style.includes('max-width:')
}

function isFoot(mail: Mail, foot: Element, longest: number): boolean {
  const length = (texts: Range[]) => texts.reduce((sum, { start, end }) => sum + end - start, 0)
  const own = length(mail.texts.filter((text) => isInside(text, foot)))
  const headings = mail.elements.filter(({ name }) => /^h[1-6]$/.test(name))
  return (
    own <= longest &&
    own < length(mail.texts) &&
    !headings.some((heading) => isInside(heading, foot))
  )
}

/** The elements of a page, one that is never closed ending with what holds it. */
function elementsOf(html: string): Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  for (const event of scanHtml(html)) {
    if (event.type === 'open') {
      const { name, attributes, start } = event
      const element = { name, attributes, start, end: html.length }
      elements.push(element)
      if (event.selfClosing || voidElements.has(name)) element.end = tagEnd(html, start)
      else open.push(element)
    } else if (event.type === 'close') {
      const at = open.findLastIndex(({ name }) => name === event.name)
      if (at < 0) continue
      for (const element of open.splice(at)) element.end = tagEnd(html, event.start)
    }
  }
  return elements
}

function textsOf(html: string, elements: Element[]): Range[] {
  const hidden = elements.filter(
    ({ name, attributes }) =>
      name === 'head' || attributes.some(({ value }) => /display:\s*none/.test(value)),
  )
  return scanHtml(html).flatMap((event) => {
    if (event.type !== 'text') return []
    const { length } = event.text
    const start = event.start + length - event.text.trimStart().length
    const text = { start, end: Math.max(start, event.start + event.text.trimEnd().length) }
    return hidden.some((element) => isInside(text, element)) ? [] : [text]
  })
}

function isInside(inner: Range, outer: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end
}

function tagEnd(html: string, start: number): number {
  const end = html.indexOf('>', start)
  return end < 0 ? html.length : end + 1
}
