import { scanHtml } from '../compile/html-scan.ts'

/** How a reader's mail program is set. */
export type Scheme = 'light' | 'dark'

/**
 * Makes a mail look as in a program set to light or dark, whatever the browser that shows it prefers: its media queries
 * and the schemes it says it knows are answered in advance. Nothing but style sheets and attributes about style is touched.
 */
export function asScheme(html: string, scheme: Scheme): string {
  const edits = scanHtml(html).flatMap((event): Edit[] => {
    if (event.type === 'raw' && event.name === 'style') {
      return [{ start: event.start, from: event.text, to: styleAs(event.text, scheme) }]
    }
    if (event.type !== 'open') return []
    const isSchemeMeta =
      event.name === 'meta' &&
      event.attributes.some(({ name, value }) => name === 'name' && isColorScheme(value))
    return event.attributes.flatMap(({ name, value, start }) => {
      if (name === 'style') return [{ start, from: value, to: propertyAs(value, scheme) }]
      if (name === 'media') return [{ start, from: value, to: queryAs(value, scheme) }]
      const isList = name === 'content' && isSchemeMeta
      return isList ? [{ start, from: value, to: schemesAs(value, scheme) }] : []
    })
  })
  return apply(html, edits)
}

/** Whether a mail has colours of its own for dark programs; without, each of them darkens it in its own way, or not. */
export function knowsDark(html: string): boolean {
  return asScheme(html, 'dark') !== asScheme(html, 'light')
}

interface Edit {
  start: number
  from: string
  to: string
}

function apply(html: string, edits: Edit[]): string {
  let done = ''
  let at = 0
  for (const { start, from, to } of edits) {
    done += html.slice(at, start) + to
    at = start + from.length
  }
  return done + html.slice(at)
}

const gap = String.raw`(?:\s|/\*[^]*?\*/)*`
const query = new RegExp(
  String.raw`\(${gap}prefers-color-scheme${gap}(?::${gap}([a-z-]*)${gap})?\)`,
  'gi',
)
const property = new RegExp(String.raw`(?<![\w-])color-scheme${gap}:([^;{}]*)`, 'gi')

/** Conditions that hold, or do not, on any screen; both may stand wherever a media feature may. */
const always = '(min-width: 0px)'
const never = '(min-width: 99999px)'

function styleAs(css: string, scheme: Scheme): string {
  return propertyAs(queryAs(css, scheme), scheme)
}

function queryAs(css: string, scheme: Scheme): string {
  return css.replace(query, (_, value?: string) =>
    value === undefined || value.toLowerCase() === scheme ? always : never,
  )
}

function propertyAs(css: string, scheme: Scheme): string {
  return css.replace(property, (declaration: string, value: string) => {
    const at = declaration.length - value.length
    return declaration.slice(0, at) + schemesAs(value, scheme)
  })
}

/** Of several schemes a program takes the one it is set to; a mail that does not name it stays as it is. */
function schemesAs(value: string, scheme: Scheme): string {
  const [list = ''] = value.split('!')
  const isNamed = list.toLowerCase().split(/\s+/).includes(scheme)
  return isNamed ? value.replace(list.trim(), scheme) : value
}

function isColorScheme(name: string): boolean {
  return name.trim().toLowerCase() === 'color-scheme'
}
