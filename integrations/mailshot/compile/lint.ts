import { errorAt, lineAt, type Place, type Problem, warningAt } from '../campaign/problem.ts'
import type { Finding } from './findings.ts'
import { findImage } from './markdown.ts'
import { unescapeHtml } from './escape.ts'
import type { PreparedImages } from './images.ts'

export interface LintOptions {
  /** The word that tokens begin with. */
  prefix: string
  images: PreparedImages
  site: string
}

/** Judges what was found in an author's source: what would break, mislead or endanger its readers. */
export function lint(findings: readonly Finding[], options: LintOptions): Problem[] {
  let depth = 0
  return findings.flatMap((finding) => {
    const { place } = finding
    switch (finding.kind) {
      case 'link':
        return lintLink(unescapeHtml(finding.url), place, options)
      case 'image':
        return [...lintSource(finding.src, place, options), ...lintAlt(finding)]
      case 'background':
        return lintSource(finding.src, place, options)
      case 'heading': {
        const from = depth
        depth = finding.depth
        return from > 0 && depth > from + 1 ? [jump(place, from, depth)] : []
      }
      case 'element':
        return forbidden.has(finding.name) ? [forbiddenElement(place, finding.name)] : []
      case 'handler':
        return [
          errorAt(
            place,
            `the attribute ${finding.name}`,
            'mail services refuse mails with scripts',
            'remove it',
          ),
        ]
      case 'unclosed':
        return [
          errorAt(
            place,
            `<${finding.name}> is never closed`,
            'MJML would guess where it ends',
            `write </${finding.name}>`,
          ),
        ]
    }
  })
}

/** Judges what was found in Markdown, where MJML elements do nothing. */
export function lintMarkdown(findings: readonly Finding[], options: LintOptions): Problem[] {
  // An opening and a closing tag are apart in Markdown's tree.
  const judged = lint(
    findings.filter(({ kind }) => kind !== 'unclosed'),
    options,
  )
  const mjml = findings.flatMap((finding) =>
    finding.kind === 'element' && finding.name.startsWith('mj')
      ? [
          errorAt(
            finding.place,
            `<${finding.name}> in Markdown`,
            'only HTML and Markdown work here',
            'rename the file to .mjml, or use HTML',
          ),
        ]
      : [],
  )
  return [...judged, ...mjml]
}

/** Placeholders of other systems, which readers would see as they are. */
export function lintLeftovers(source: string, place: Place): Problem[] {
  const blanked = source.replace(/https?:\/\/[^\s<>"')]+/g, (url) => ' '.repeat(url.length))
  return foreign.flatMap((pattern) =>
    Array.from(blanked.matchAll(pattern), (match) =>
      errorAt(
        { file: place.file, line: lineAt(blanked, match.index, place.line) },
        `"${match[0]}" looks like a placeholder`,
        'readers would see it as it is',
        'merge fields are written {{ nom }} here',
      ),
    ),
  )
}

const foreign = [
  /\*\|[^|\s]+\|\*/g,
  /\[\[[\w .:-]+\]\](?!\()/g,
  /%[A-Z][A-Z0-9_]{2,}%|%(?:nom|name|email|prenom|firstname)%/g,
  /(?<![\w.+-])@[a-z][a-z_]*@(?!\w)/gi,
]
const forbidden = new Set(
  'script form input select textarea button iframe object embed applet base frame frameset'.split(
    ' ',
  ),
)
const schemes = /^(?:https?|mailto|tel|sms|webcal|geo):/i
const local =
  /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|[^/]*\.local(?:host)?)(?=[:/]|$)/i

function lintLink(written: string, place: Place, { prefix, site }: LintOptions): Problem[] {
  // Clients drop white space and control characters before they look for the scheme.
  const url = written.replace(/[\s\p{Cc}]/gu, '')
  const problem = (what: string, why: string, cure: string) => [errorAt(place, what, why, cure)]
  if (url === '' || url === '#')
    return problem(
      'a link without an address',
      'it leads nowhere',
      'write where it leads, or remove it',
    )
  if (url.startsWith(prefix) || url.startsWith('#') || /^\/(?!\/)/.test(url)) return []
  if (local.test(url) && !url.startsWith(site)) {
    return problem(
      `the link ${url} leads to a local machine`,
      'readers cannot reach it',
      'write the public address',
    )
  }
  if (schemes.test(url)) return []
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    return problem(
      `the link ${url} is not allowed`,
      'a mail links with http, https, mailto or tel',
      'write another address',
    )
  }
  return problem(
    `the link ${url} has no beginning`,
    'in a mail there is no page it could be relative to',
    'write it with https://, or with / for a page of the site',
  )
}

function lintSource(src: string, place: Place, { prefix, images, site }: LintOptions): Problem[] {
  const problem = (what: string, why: string, cure: string) => [errorAt(place, what, why, cure)]
  if (src === '')
    return problem('an image without a source', 'there is nothing to show', 'write src="…"')
  if (local.test(src) && !src.startsWith(site))
    return problem(
      `the image ${src} is on a local machine`,
      'readers cannot see it',
      'put the file beside the campaign',
    )
  if (src.startsWith(prefix) || /^https?:\/\//i.test(src) || /^\/(?!\/)/.test(src)) return []
  if (/^[a-z]+:/i.test(src))
    return problem(
      'an image written into the source',
      'Gmail and Outlook do not show it',
      'put the file beside the campaign',
    )
  const image = findImage(images, src)
  if (image === undefined)
    return problem(
      `the image ${src} is missing`,
      'there is no such file beside the campaign',
      'add the file, or correct its name',
    )
  return typeof image === 'string'
    ? problem(`the image ${src} cannot be read`, image, 'save it as JPEG or PNG')
    : []
}

function lintAlt({ alt, mayBeEmpty, src, place }: Extract<Finding, { kind: 'image' }>): Problem[] {
  if (alt !== undefined && (alt.trim() !== '' || mayBeEmpty)) return []
  const cure = mayBeEmpty
    ? 'add alt="what it shows", or alt="" for a decoration'
    : 'write ![what it shows](file)'
  return [
    errorAt(place, `the image ${src} has no alt text`, 'many readers see or hear only that', cure),
  ]
}

function jump(place: Place, from: number, to: number): Problem {
  return warningAt(
    place,
    `a heading of level ${to} follows one of level ${from}`,
    'screen readers announce the levels',
    `make it level ${from + 1}`,
  )
}

function forbiddenElement(place: Place, name: string): Problem {
  return errorAt(
    place,
    `<${name}> in a mail`,
    'mail clients remove it, and some refuse the mail',
    'link to a page of the site instead',
  )
}
