import { markdownToMdast, type MdastNode } from 'satteri'
import { lineAt, type Place } from '../campaign/problem.ts'
import { type HtmlEvent, scanHtml } from './html-scan.ts'
import { markdownFeatures } from './markdown.ts'

/** Something in an author's source that has rules of its own, and where it stands. */
export type Finding = { place: Place } & (
  | { kind: 'link'; url: string }
  /** `alt` is undefined where it is missing; `mayBeEmpty` where an empty one says "decoration". */
  | { kind: 'image'; src: string; alt: string | undefined; mayBeEmpty: boolean }
  | { kind: 'background'; src: string }
  | { kind: 'heading'; depth: number }
  | { kind: 'element'; name: string }
  | { kind: 'handler'; name: string }
  /** An element that MJML gives a picture of another site. */
  | { kind: 'borrowed'; name: string }
  | { kind: 'unclosed'; name: string }
)

/** The findings of HTML or MJML, by a scan of its text. */
export function findInMarkup(source: string, placeAt: (line: number) => Place): Finding[] {
  const open: { name: string; place: Place }[] = []
  const defaults: Defaults = new Map()
  const findings = scanHtml(source).flatMap((event): Finding[] => {
    const place = placeAt(lineAt(source, event.start, 1))
    if (event.type === 'close') return closeMjml(open, event.name)
    if (event.type !== 'open') return []
    if (event.name.startsWith('mj') && !event.selfClosing) open.push({ name: event.name, place })
    if (open.some(({ name }) => name === 'mj-attributes')) {
      addDefaults(defaults, event)
      return []
    }
    return findInElement(withDefaults(event, defaults)).map((finding) => ({ ...finding, place }))
  })
  return [
    ...findings,
    ...open.map(({ name, place }): Finding => ({ kind: 'unclosed', name, place })),
  ]
}

/** The findings of Markdown, by its syntax tree; raw HTML in it is scanned as well. */
export function findInMarkdown(source: string, placeAt: (line: number) => Place): Finding[] {
  const nodes = descendants(markdownToMdast(source, { features: markdownFeatures }))
  const urls = new Map<string, string>()
  // Of two definitions the first counts.
  for (const node of nodes) {
    if (node.type === 'definition' && !urls.has(node.identifier))
      urls.set(node.identifier, node.url)
  }
  return nodes.flatMap((node) => {
    const line = node.position?.start.line ?? 1
    if (node.type === 'html') return findInMarkup(node.value, (inner) => placeAt(line + inner - 1))
    const finding = findInNode(node, urls)
    return finding ? [{ ...finding, place: placeAt(line) }] : []
  })
}

type Bare<Kind> = Kind extends Finding ? Omit<Kind, 'place'> : never
type BareFinding = Bare<Finding>

function findInNode(node: MdastNode, urls: Map<string, string>): BareFinding | undefined {
  if (node.type === 'link') return { kind: 'link', url: node.url }
  if (node.type === 'linkReference') return { kind: 'link', url: urls.get(node.identifier) ?? '' }
  if (node.type === 'heading') return { kind: 'heading', depth: node.depth }
  if (node.type !== 'image' && node.type !== 'imageReference') return undefined
  const src = node.type === 'image' ? node.url : (urls.get(node.identifier) ?? '')
  return { kind: 'image', src, alt: node.alt ?? '', mayBeEmpty: false }
}

type Opening = Extract<HtmlEvent, { type: 'open' }>
/** What `mj-attributes` gives to elements, by their name, or by their class behind a dot. */
type Defaults = Map<string, Opening['attributes']>

function addDefaults(defaults: Defaults, { name, attributes }: Opening): void {
  const className = attributes.find((one) => one.name === 'name')?.value ?? ''
  defaults.set(name === 'mj-class' ? `.${className}` : name, attributes)
}

/** The nearest first: its own attributes, those of its classes, of its kind, of all. */
function withDefaults(event: Opening, defaults: Defaults): Opening {
  const { name, attributes } = event
  if (!name.startsWith('mj-') || defaults.size === 0) return event
  const classes = attributes.find((one) => one.name === 'mj-class')?.value.split(/\s+/) ?? []
  const names = [...classes.map((one) => `.${one}`).toReversed(), name, 'mj-all']
  const given = names.flatMap((one) => defaults.get(one) ?? [])
  const inherited = given.filter((one) => /^(?:src|alt|icon-(?:un)?wrapped-url)$/.test(one.name))
  return { ...event, attributes: [...attributes, ...inherited] }
}

function findInElement({ name, attributes }: Opening): BareFinding[] {
  const value = (wanted: string) => attributes.find((one) => one.name === wanted)?.value
  const findings: BareFinding[] = [{ kind: 'element', name }]
  const [href, src] = [value('href'), value('src')]
  if (href !== undefined && name !== 'link') findings.push({ kind: 'link', url: href })
  if (name === 'img' || name === 'mj-image') {
    findings.push({ kind: 'image', src: src ?? '', alt: value('alt'), mayBeEmpty: true })
  }
  for (const attribute of [
    'background',
    'background-url',
    'icon-wrapped-url',
    'icon-unwrapped-url',
  ]) {
    const background = value(attribute)
    if (background !== undefined) findings.push({ kind: 'background', src: background })
  }
  const lent = lentPictures[name] ?? []
  if (lent.some((one) => value(one) === undefined)) findings.push({ kind: 'borrowed', name })
  if (/^h[1-6]$/.test(name)) findings.push({ kind: 'heading', depth: Number(name[1]) })
  const handlers = attributes.filter((one) => /^on[a-z]/.test(one.name))
  return [...findings, ...handlers.map((one): BareFinding => ({ kind: 'handler', name: one.name }))]
}

/** The attributes without which MJML takes a picture of its own. */
const lentPictures: Record<string, string[]> = {
  'mj-social-element': ['src'],
  'mj-accordion': ['icon-wrapped-url', 'icon-unwrapped-url'],
}

function closeMjml(open: { name: string; place: Place }[], name: string): Finding[] {
  const at = open.findLastIndex((element) => element.name === name)
  if (at === -1) return []
  return open
    .splice(at)
    .slice(1)
    .map((element): Finding => ({ kind: 'unclosed', ...element }))
}

function descendants(node: MdastNode): MdastNode[] {
  return 'children' in node ? [node, ...node.children.flatMap(descendants)] : [node]
}
