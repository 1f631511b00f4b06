import { markdownToHtml, markdownToMdast, type MdastNode } from 'satteri'
import { escapeHtml, unescapeHtml } from './escape.ts'
import { type HtmlAttribute, scanHtml } from './html-scan.ts'
import type { PreparedImage, PreparedImages } from './images.ts'
import { tableTagLines } from './table-tags.ts'
import { splitAtTokens, type Tokens } from './tokens.ts'

/** What Markdown means here, to render it and to look for mistakes alike. */
export const markdownFeatures = { frontmatter: false, gfm: { footnotes: false } }

/**
 * Renders Markdown whose placeholders are tokens. Block tags alone on a line stand between blocks, or the rows of a
 * table, as the author means it; without this they would become paragraphs, or part of one.
 */
export function renderMarkdown(tokens: Tokens, source: string): string {
  const lines = source.split('\n')
  const rows = tableTagLines(lines, (line) => tagsAlone(tokens, line))
  const marked = lines.map((line, index) => {
    const isBetween = !rows.has(index) && tagsAlone(tokens, line)
    return isBetween ? line.replace(line.trim(), (words) => `<!--${words}-->`) : line
  })
  const { html } = markdownToHtml(marked.join('\n'), {
    features: { frontmatter: false, gfm: { footnotes: false } },
  })
  const words = `((?:${tokens.prefix}\\d+x\\s*)+)`
  const row = new RegExp(`<tr>\\s*<td[^>]*>${words}</td>(?:\\s*<td[^>]*></td>)*\\s*</tr>`, 'g')
  // In a code block Markdown has escaped what marked them.
  const mark = new RegExp(`(?:<|&lt;)!--${words}--(?:>|&gt;)\\n?`, 'g')
  return html
    .replace(mark, '$1\n')
    .replace(row, (whole, tags: string) => (tagsAlone(tokens, tags) ? tags : whole))
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

/** Whose file is put on the web. */
export const sourceAttributes = new Set(
  'src background background-url icon-wrapped-url icon-unwrapped-url'.split(' '),
)
const linkAttributes = new Set([...sourceAttributes, 'href'])

/** The block tags of a text that holds nothing else. */
function tagsAlone(tokens: Tokens, text: string): string[] | undefined {
  const pieces = splitAtTokens(tokens, text)
  const tags = pieces.flatMap((piece) =>
    typeof piece === 'object' && piece.token.kind === 'tag' ? [piece.token.source] : [],
  )
  const others = pieces.some((piece) =>
    typeof piece === 'string' ? piece.trim() !== '' : piece.token.kind !== 'tag',
  )
  return tags.length > 0 && !others ? tags : undefined
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
