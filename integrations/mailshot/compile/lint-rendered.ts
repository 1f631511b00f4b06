import { errorAt, type Place, type Problem, warningAt } from '../campaign/problem.ts'
import { readings } from './branches.ts'
import { decodeEntities } from './entity.ts'
import { type HtmlAttribute, type HtmlEvent, scanHtml } from './html-scan.ts'
import { lintShownText } from './leftovers.ts'
import { forbiddenElement, forbiddenHandler, isForbidden } from './lint.ts'
import { type AddressOptions, lintLink, lintSource } from './lint-address.ts'
import { sourceAttributes } from './markdown.ts'
import { piecesOf } from './pieces.ts'
import { splitAtTokens, type Tokens } from './tokens.ts'

export interface RenderedOptions extends Omit<AddressOptions, 'prefix' | 'isFinished'> {
  tokens: Tokens
  /** The place in the sources that a piece of the finished HTML comes from: the first text that is found there. */
  locate: (...texts: string[]) => Place
}

/**
 * Judges finished HTML, its placeholders still tokens, by the rules for the source: what is dangerous, missing or dead
 * may come about on the way, from an attribute's default, a parameter, a definition or a branch of a condition.
 */
export function lintRendered(html: string, options: RenderedOptions): Problem[] {
  const events = scanHtml(html)
  const titles = events.filter((event) => event.type === 'open' && event.name === 'title')
  const marks = events.flatMap((event) => {
    switch (event.type) {
      case 'open': {
        const isDouble = event.name === 'title' && event !== titles[0]
        return [...lintElement(event, isDouble, options), ...lintAttributes(event, options)]
      }
      case 'raw':
        return [
          ...lintStyle(event.text, options),
          ...(event.start + event.text.length === html.length ? [unclosed(event, options)] : []),
        ]
      case 'text':
      case 'close':
      case 'comment':
        return []
    }
  })
  return [...marks, ...lintShownText(events, options)]
}

const linkAttributes = new Set(['href', 'xlink:href'])
const imageAttributes = new Set('src poster background background-url lowsrc dynsrc'.split(' '))
const sourceSets = new Set(['srcset', 'imagesrcset'])
/** Words that readers see or hear, where an address does nothing. */
const textAttributes = new Set(['alt', 'title', 'aria-label', 'summary', 'abbr', 'content'])
const harmlessMeta = new Set(['content-type', 'x-ua-compatible', 'content-language'])

type Opening = Extract<HtmlEvent, { type: 'open' }>

function lintElement(event: Opening, isDouble: boolean, options: RenderedOptions): Problem[] {
  const value = (name: string) => event.attributes.find((one) => one.name === name)?.value ?? ''
  const pragma = value('http-equiv').toLowerCase()
  if (event.name === 'meta' && pragma !== '' && !harmlessMeta.has(pragma)) {
    const why = 'mail services take it for an attempt to lead readers elsewhere'
    return [errorAt(options.locate(pragma), `<meta http-equiv="${pragma}">`, why, 'remove it')]
  }
  // MJML's accordion opens and closes with a box of its own.
  if (event.name === 'input' && value('class') === 'mj-accordion-checkbox') return []
  if (event.name === 'input' && value('type') === 'checkbox')
    return [taskList(options.locate('[ ]', '[x]', '<input'))]
  if (!isDouble && !isForbidden(event.name)) return []
  return [forbiddenElement(options.locate(`<${event.name}`), event.name)]
}

/** Looking for a place takes long, so it is done for what may be wrong only. */
function lintAttributes({ attributes }: Opening, options: RenderedOptions): Problem[] {
  return attributes.flatMap((attribute) => {
    const { name, value } = attribute
    if (/^on[a-z]/.test(name)) return [forbiddenHandler(placeOf(attribute, options), name)]
    if (name === 'style') return lintStyle(decodeEntities(value), options)
    const texts = readings(piecesOf(options.tokens, value))
    if (!texts) return [tooMany(placeOf(attribute, options), name)]
    return texts.flatMap((text) => lintReading(attribute, text, options))
  })
}

/** Where its placeholder stands, else where its text does. */
function placeOf({ name, value }: HtmlAttribute, { tokens, locate }: RenderedOptions): Place {
  const token = splitAtTokens(tokens, value).find((piece) => typeof piece === 'object')
  return typeof token === 'object'
    ? token.token.place
    : locate(`${name}="${value}"`, value === '' ? name : value)
}

function lintReading(attribute: HtmlAttribute, text: string, options: RenderedOptions): Problem[] {
  const { name, value } = attribute
  if (!mayHoldAddress(name, text)) return []
  const place = placeOf(attribute, options)
  const isElsewhere = !sourceAttributes.has(name) || value.includes(options.tokens.prefix)
  const address = { ...options, prefix: options.tokens.prefix, isFinished: true, isElsewhere }
  if (linkAttributes.has(name)) return lintLink(text, place, address)
  if (imageAttributes.has(name)) return lintSource(text.trim(), place, address)
  if (sourceSets.has(name)) {
    const sources = text.split(',').map((one) => one.trim().split(/\s/, 1)[0] ?? '')
    return sources.flatMap((source) => lintSource(source, place, address))
  }
  return lintLink(text, place, address)
}

/** Whether an attribute is for an address, or has one that would run. */
function mayHoldAddress(name: string, text: string): boolean {
  if (linkAttributes.has(name) || imageAttributes.has(name) || sourceSets.has(name)) return true
  const isScript = /^(?:java|vb|live)script:|^data:/i.test(text.replace(/[\s\p{Cc}]/gu, ''))
  return isScript && !textAttributes.has(name)
}

function lintStyle(css: string, options: RenderedOptions): Problem[] {
  const { tokens, locate } = options
  const address = { ...options, prefix: tokens.prefix, isFinished: true, isElsewhere: true }
  const script = /expression\s*\(|-moz-binding\s*:|behavior\s*:/i.exec(css)?.[0]
  const urls = Array.from(css.matchAll(styleUrl), (match) => match[1] ?? match[2] ?? match[3] ?? '')
  return [
    ...urls
      .filter((url) => !url.startsWith('#'))
      .flatMap((url) => lintSource(url.trim(), locate(`url(${url}`, url), address)),
    ...(script === undefined ? [] : [forbiddenHandler(locate(script), script)]),
  ]
}

const styleUrl = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\s*\)/gi

function unclosed({ name }: { name: string }, { locate }: RenderedOptions): Problem {
  const why = 'mail clients would swallow what follows'
  return errorAt(locate(`<${name}`), `<${name}> is never closed`, why, `write </${name}>`)
}

/** Markdown makes boxes of `[ ]` and `[x]`. */
function taskList(place: Place): Problem {
  const why = 'many mail clients remove them'
  return warningAt(place, 'a list of tasks has boxes', why, 'write the signs ☐ and ☑ instead')
}

function tooMany(place: Place, name: string): Problem {
  const what = `too many conditions in the attribute ${name}`
  return errorAt(
    place,
    what,
    'nobody can look at all of its forms',
    'put them around whole elements',
  )
}
