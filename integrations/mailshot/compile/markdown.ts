import { markdownToHtml, markdownToMdast, type MdastNode } from 'satteri'
import { escapeHtml, unescapeHtml } from './escape.ts'
import { type HtmlAttribute, scanHtml } from './html-scan.ts'
import type { PreparedImage, PreparedImages } from './images.ts'
import type { Tokens } from './tokens.ts'

/** What Markdown means here, to render it and to look for mistakes alike. */
export const markdownFeatures = { frontmatter: false, gfm: { footnotes: false } }

/**
 * Renders Markdown whose placeholders are tokens. Block tags alone on a line stand between blocks, as the author means
 * it; without this they would become paragraphs, or part of one.
 */
export function renderMarkdown(tokens: Tokens, source: string): string {
  const alone = new RegExp(`^[ \\t]*((?:${tokens.prefix}\\d+x[ \\t]*)+)$`, 'gm')
  const marked = source.replace(alone, (line, words: string) =>
    onlyTags(tokens, words) ? line.replace(words, `<!--${words.trim()}-->`) : line,
  )
  const { html } = markdownToHtml(marked, {
    features: markdownFeatures,
  })
  // In a code block Markdown has escaped what marked them.
  return html.replace(
    new RegExp(`(?:<|&lt;)!--((?:${tokens.prefix}\\d+x\\s*)+)--(?:>|&gt;)\\n?`, 'g'),
    '$1\n',
  )
}

/** Where a source of Markdown has code, in a line or as a block. */
export function codeIn(source: string): { from: number; to: number }[] {
  const found = (node: MdastNode): { from: number; to: number }[] => {
    if ('children' in node) return node.children.flatMap(found)
    const isCode = node.type === 'code' || node.type === 'inlineCode'
    const [from, to] = [node.position?.start.offset, node.position?.end.offset]
    return isCode && from !== undefined && to !== undefined ? [{ from, to }] : []
  }
  return found(markdownToMdast(source, { features: { frontmatter: false } }))
}

/** Points the images and the site's own links (`/page`) of a piece of HTML to the web. */
export function absoluteHtml(html: string, images: PreparedImages, site: string): string {
  let result = ''
  let at = 0
  const replace = (attribute: HtmlAttribute, value: string) => {
    result += html.slice(at, attribute.start) + escapeHtml(value)
    at = attribute.start + attribute.value.length
  }
  for (const event of scanHtml(html)) {
    if (event.type !== 'open') continue
    for (const attribute of event.attributes) {
      const image = sourceAttributes.has(attribute.name)
        ? usableImage(images, attribute.value)
        : undefined
      if (image) replace(attribute, image.url)
      else if (linkAttributes.has(attribute.name) && /^\/(?!\/)/.test(attribute.value))
        replace(attribute, site + unescapeHtml(attribute.value))
      if (image && event.name === 'img' && attribute.name === 'src') {
        result += html.slice(at, at + 1) + sizeOf(event.attributes, image)
        at += 1
      }
    }
  }
  return result + html.slice(at)
}

/** The image that a reference means, however Markdown or the author encoded it; a text says why it cannot be used. */
export function findImage(
  images: PreparedImages,
  value: string,
): PreparedImage | string | undefined {
  const plain = unescapeHtml(value)
  return images.get(value) ?? images.get(plain) ?? images.get(decoded(plain))
}

function usableImage(images: PreparedImages, value: string): PreparedImage | undefined {
  const image = findImage(images, value)
  return typeof image === 'object' ? image : undefined
}

const sourceAttributes = new Set(['src', 'background', 'background-url'])
const linkAttributes = new Set([...sourceAttributes, 'href'])

function onlyTags(tokens: Tokens, words: string): boolean {
  const numbers = words.match(/\d+(?=x)/g) ?? []
  return numbers.every((number) => tokens.all[Number(number)]?.kind === 'tag')
}

function sizeOf(attributes: HtmlAttribute[], image: { width: number; height: number }): string {
  const has = (name: string) => attributes.some((one) => one.name === name)
  const size =
    has('width') || has('height') ? '' : ` width="${image.width}" height="${image.height}"`
  return has('style') ? size : `${size} style="max-width:100%;height:auto"`
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
