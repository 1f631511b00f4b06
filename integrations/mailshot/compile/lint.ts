import { errorAt, type Place, type Problem, warningAt } from '../campaign/problem.ts'
import { decodeEntities } from './entity.ts'
import type { Finding } from './findings.ts'
import { type AddressOptions, lintLink, lintSource } from './lint-address.ts'

/** Judges what was found in an author's source: what would break, mislead or endanger its readers. */
export function lint(findings: readonly Finding[], options: AddressOptions): Problem[] {
  let depth = 0
  return findings.flatMap((finding) => {
    const { place } = finding
    switch (finding.kind) {
      case 'link':
        return lintLink(decodeEntities(finding.url), place, options)
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
        return isForbidden(finding.name) ? [forbiddenElement(place, finding.name)] : []
      case 'borrowed':
        return [borrowed(place, finding.name)]
      case 'handler':
        return [forbiddenHandler(place, finding.name)]
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
export function lintMarkdown(findings: readonly Finding[], options: AddressOptions): Problem[] {
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

/** Elements that mails have no use for. */
export function isForbidden(name: string): boolean {
  return forbidden.has(name)
}

/** An error for such an element. */
export function forbiddenElement(place: Place, name: string): Problem {
  return errorAt(
    place,
    `<${name}> in a mail`,
    'mail clients remove it, and some refuse the mail',
    'link to a page of the site instead',
  )
}

/** An error for an attribute, or a piece of style, that would run a script. */
export function forbiddenHandler(place: Place, name: string): Problem {
  const why = 'mail services refuse mails with scripts'
  return errorAt(place, `the attribute ${name}`, why, 'remove it')
}

const forbidden = new Set(
  (
    'script form input select textarea button iframe object embed applet base frame frameset svg math ' +
    'noembed noframes plaintext template xmp'
  ).split(' '),
)

function lintAlt({ alt, mayBeEmpty, src, place }: Extract<Finding, { kind: 'image' }>): Problem[] {
  if (alt !== undefined && (alt.trim() !== '' || mayBeEmpty)) return []
  const cure = mayBeEmpty
    ? 'add alt="what it shows", or alt="" for a decoration'
    : 'write ![what it shows](file)'
  return [
    errorAt(place, `the image ${src} has no alt text`, 'many readers see or hear only that', cure),
  ]
}

function borrowed(place: Place, name: string): Problem {
  const attributes = name === 'mj-accordion' ? 'icon-wrapped-url and icon-unwrapped-url' : 'src'
  return warningAt(
    place,
    `<${name}> shows a picture of another site`,
    'its owner sees who opens the mail, and may take it away',
    `write ${attributes} with a picture of your own`,
  )
}

function jump(place: Place, from: number, to: number): Problem {
  return warningAt(
    place,
    `a heading of level ${to} follows one of level ${from}`,
    'screen readers announce the levels',
    `make it level ${from + 1}`,
  )
}
