import { errorAt, lineAt, type Place, type Problem } from '../campaign/problem.ts'
import { brokenMarkupAt, type HtmlEvent, scanHtml } from './html-scan.ts'

/**
 * Takes the comments of a source out, those of Liquid and of HTML; only those for Outlook stay. Line breaks stay, so that
 * positions are those of the source. A comment that never ends would take the rest of the mail with it.
 */
export function clearComments(
  source: string,
  place: Place,
  isCode: (offset: number) => boolean,
): { text: string; problems: Problem[] } {
  const problems: Problem[] = []
  const placeAt = (offset: number) => ({ ...place, line: lineAt(source, offset, place.line) })
  let text = ''
  let at = 0
  const finder = new RegExp(opening)
  for (let match = finder.exec(source); match; match = finder.exec(source)) {
    const { index } = match
    const [start] = match
    if (start !== liquid && isCode(index)) continue
    const end = endOf(source, index, start)
    if (end === undefined) problems.push(neverEnds(placeAt(index), start))
    if (start === outlook) continue
    // Of one that never ends only its beginning goes, so that the rest can be judged.
    const next = end ?? finder.lastIndex
    text += source.slice(at, index) + lineBreaks(source.slice(index, next))
    at = next
    finder.lastIndex = next
  }
  return { text: text + source.slice(at), problems }
}

/** Finds markup that never ends, as a quote that is not closed makes it: clients would hide what follows. */
export function brokenMarkup(
  source: string,
  placeAt: (offset: number, text: string) => Place,
): Problem[] {
  return scanHtml(source).flatMap((event) => {
    const at = brokenAt(event)
    // The beginning of a comment is known already.
    if (at === undefined || source.startsWith(html, at)) return []
    const [shown = ''] = source.slice(at).split(/[\n>]/, 1)
    const what = `"${shown.slice(0, 30)}" is never finished`
    const cure = 'close its quotes and its >, or write &lt; for the sign itself'
    return [errorAt(placeAt(at, shown), what, 'readers may lose what follows', cure)]
  })
}

function brokenAt(event: HtmlEvent): number | undefined {
  if (event.type === 'text') {
    const at = brokenMarkupAt(event.text)
    return at === -1 ? undefined : event.start + at
  }
  // It went on into what was meant to follow.
  const isOdd = event.type === 'open' && event.attributes.some(({ name }) => /["'<]/.test(name))
  return isOdd ? event.start : undefined
}

const outlook = '<!--[if'
const html = '<!--'
const liquid = '{%'
const opening = /<!--\[if|(?<!<!--\[if[^\]]*\]>)<!--(?!<!\[endif)|\{%(?=-?\s*comment\s*-?%\})/g
const endings = {
  [liquid]: /\{%-?\s*endcomment\s*-?%\}/g,
  // `<!-->` is a whole one.
  [html]: /--!?>/g,
  // It may hold other comments, but neither begin nor end amid another part for Outlook.
  [outlook]:
    /(?<=\[if)[^\]]*\](?:>|><!-->|>-->)(?:<!--(?!\[if|<!\[endif)[\s\S]*?-->|(?!<!--|-->|<!\[endif)[\s\S])*(?:<!--)?<!\[endif\]-->/y,
}

function endOf(source: string, from: number, start: string): number | undefined {
  const ending = endings[start === liquid || start === outlook ? start : html]
  ending.lastIndex = from + (start === outlook ? start.length : 2)
  return ending.test(source) ? ending.lastIndex : undefined
}

function neverEnds(place: Place, start: string): Problem {
  const [what = '', end = ''] = names[start] ?? []
  const cure = `write ${end} behind it`
  return errorAt(place, `${what} never ends`, 'readers may lose all that follows', cure)
}

const names: Record<string, string[]> = {
  [liquid]: ['{% comment %}', '{% endcomment %}'],
  [html]: ['the comment <!--', '-->'],
  [outlook]: ['the part for Outlook', '<![endif]-->'],
}

function lineBreaks(text: string): string {
  return text.replace(/[^\n]+/g, '')
}
