import { errorAt, lineAt, type Place, type Problem } from '../campaign/problem.ts'
import { scanHtml } from './html-scan.ts'
import { loadMjml } from './load-mjml.ts'
import { splitAtTokens, type Tokens } from './tokens.ts'

/**
 * Renders MJML whose placeholders are tokens. Block tags between elements travel in `mj-raw`. Elements that would make
 * the mail differ from one time to the next, or read other files, are refused.
 */
export async function renderMjml(
  tokens: Tokens,
  source: string,
  placeAt: (line: number) => Place,
): Promise<{ html: string; problems: Problem[] }> {
  const problems = [...refusedElements(source, placeAt), ...refusedAttributes(tokens, source)]
  const mjml2html = await loadMjml()
  try {
    const { html, errors } = await mjml2html(wrapTags(tokens, source), {
      fonts: {},
      keepComments: false,
      ignoreIncludes: true,
      validationLevel: 'soft',
    })
    // A placeholder where a colour belongs is reported as what it is.
    const own = errors.filter(({ message }) => !message.includes(tokens.prefix))
    const wrong = own.map(({ line, message, tagName }) =>
      invalid(placeAt(line), `<${tagName}>`, message),
    )
    const include = html.includes('<!-- mj-include')
      ? [invalid(placeAt(1), 'an include', 'it was not read')]
      : []
    return { html, problems: [...problems, ...wrong, ...include] }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return { html: '', problems: [...problems, invalid(placeAt(1), 'the MJML', message)] }
  }
}

/** Gives MJML what a mail must have: language, direction, title and preheader, where the author wrote none. */
export function completeMjml(
  source: string,
  given: { lang: string; dir: string; title: string; preview: string },
): string {
  const opened = source.replace(/<mjml\b([^>]*)>/, (_whole, attributes: string) => {
    const lang = /\slang\s*=/.test(attributes) ? '' : ` lang="${given.lang}"`
    const dir = /\sdir\s*=/.test(attributes) ? '' : ` dir="${given.dir}"`
    return `<mjml${lang}${dir}${attributes}>`
  })
  const title = /<mj-title\b/.test(source) ? '' : `<mj-title>${given.title}</mj-title>`
  const hasPreview = given.preview === '' || /<mj-preview\b/.test(source)
  const preview = hasPreview ? '' : `<mj-preview>${given.preview}</mj-preview>`
  const headed = /<mj-head\b[^>]*[^/]>|<mj-head>/.test(opened)
    ? opened.replace(/<mj-head\b[^>]*>/, (head) => head + title + preview)
    : opened
        .replace(/<mj-head\b[^>]*\/>/, '')
        .replace(/<mjml\b[^>]*>/, (head) => `${head}<mj-head>${title}${preview}</mj-head>`)
  // An empty one would show a blank line instead of the mail's beginning.
  const shown = headed.replace(/<mj-preview\b[^>]*>\s*<\/mj-preview>/, (empty) =>
    empty.replace(/[^\n]+/g, ''),
  )
  return shown.replace(/\s*<\/mj-preview>/, (end) => padding + end)
}

/** Keeps the beginning of the mail out of the line that clients show after the subject. */
const padding = '&#847;&zwnj;&nbsp;'.repeat(60)

const refusedNames: Record<string, string> = {
  'mj-include': 'a campaign is one file, so that its mail can be proved',
  'mj-carousel': 'it draws its ids by lot, so the mail would differ each time',
  'mj-navbar': 'it draws its ids by lot, so the mail would differ each time',
}
const containers = new Set([
  'mj-body',
  'mj-wrapper',
  'mj-section',
  'mj-group',
  'mj-column',
  'mj-hero',
])
const mergeableAttributes = new Set([
  'href',
  'src',
  'alt',
  'title',
  'aria-label',
  'name',
  'lang',
  'dir',
])

function refusedElements(source: string, placeAt: (line: number) => Place): Problem[] {
  return scanHtml(source).flatMap((event) => {
    const why = event.type === 'open' ? refusedNames[event.name] : undefined
    if (event.type !== 'open' || why === undefined) return []
    const place = placeAt(lineAt(source, event.start, 1))
    return [errorAt(place, `<${event.name}> is not allowed`, why, 'use other elements')]
  })
}

function refusedAttributes(tokens: Tokens, source: string): Problem[] {
  const attributes = scanHtml(source).flatMap((event) =>
    event.type === 'open' && event.name.startsWith('mj') ? event.attributes : [],
  )
  return attributes
    .filter(({ name }) => !mergeableAttributes.has(name))
    .flatMap(({ name, value }) =>
      splitAtTokens(tokens, value).flatMap((piece) => {
        if (typeof piece === 'string') return []
        const why = 'no value can be made safe there'
        const cure = 'merge fields may stand in href, src, alt and title'
        return [errorAt(piece.token.place, `a placeholder in the attribute ${name}`, why, cure)]
      }),
    )
}

function wrapTags(tokens: Tokens, source: string): string {
  const stack: string[] = []
  let result = ''
  let at = 0
  for (const event of scanHtml(source)) {
    if (event.type === 'open' && !event.selfClosing) stack.push(event.name)
    else if (event.type === 'close') stack.length = Math.max(0, stack.lastIndexOf(event.name))
    else if (event.type === 'text' && containers.has(stack.at(-1) ?? '')) {
      result += source.slice(at, event.start) + wrapped(tokens, event.text)
      at = event.start + event.text.length
    }
  }
  return result + source.slice(at)
}

function wrapped(tokens: Tokens, text: string): string {
  return splitAtTokens(tokens, text)
    .map((piece) => {
      if (typeof piece === 'string') return piece
      const word = `${tokens.prefix}${piece.index}x`
      return piece.token.kind === 'tag' ? `<mj-raw>${word}</mj-raw>` : word
    })
    .join('')
}

function invalid(place: Place, what: string, message: string): Problem {
  return errorAt(place, `${what} is wrong`, message, 'see documentation.mjml.io')
}
