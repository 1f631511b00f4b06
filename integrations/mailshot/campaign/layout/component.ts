import { unescapeHtml } from '../../compile/escape.ts'
import { localize, type MailshotConfig } from '../../config.ts'
import { directionOf } from '../../texts.ts'
import type { LayoutFile, LayoutSource, LayoutUse } from '../layout.ts'
import { errorAt, lineAt, type Place, type Problem } from '../problem.ts'
import { type LayoutDeclaration, layoutDeclaration } from './declaration.ts'
import type { LayoutProps, RenderedLayout } from './props.ts'

interface ComponentUse extends LayoutUse {
  name: string
  /** Where the campaign asks for it. */
  place: Place
}

/** Renders a layout that is an Astro component, and looks at what became of it. */
export async function readComponent(
  config: MailshotConfig,
  { file, text }: LayoutFile,
  use: ComponentUse,
): Promise<{ source: LayoutSource | undefined; problems: Problem[] }> {
  const rendered = await render(config, file, use)
  if ('what' in rendered) return { source: undefined, problems: [rendered] }
  const body = tidy(rendered.mjml)
  const { declared, problems } = declarationOf(rendered, file, text)
  const found = [...styles(file, text, body), ...builtPictures(file, body)]
  return {
    source: { file, body, bodyLine: 1, component: text, declared },
    problems: [...problems, ...found],
  }
}

async function render(
  config: MailshotConfig,
  file: string,
  { name, place, renderLayout, ...use }: ComponentUse,
): Promise<RenderedLayout | Problem> {
  if (!renderLayout) return noRenderer(name, place)
  const props = propsFor(config, use)
  const rendered = await renderLayout(file, props)
  if ('why' in rendered) {
    const what = `the layout "${name}" cannot be rendered`
    return errorAt(rendered.place ?? { file, line: 1 }, what, rendered.why, rendered.cure)
  }
  if (!isMjml(rendered.mjml)) return noMjml(name, file, rendered.mjml)
  const again = await renderLayout(file, props)
  return 'mjml' in again && again.mjml === rendered.mjml ? rendered : unsteady(name, file)
}

function propsFor(
  config: MailshotConfig,
  { slug, lang, settings }: Pick<LayoutUse, 'slug' | 'lang' | 'settings'>,
): LayoutProps {
  const title = localize(config.title, lang, config.lang)
  return {
    lang,
    dir: directionOf(lang),
    slug,
    subject: '{{ subject }}',
    preheader: '{{ preheader }}',
    site: { title, url: config.site, address: config.postalAddress },
    params: settings.params,
  }
}

/** Takes out what Astro adds for developers, and gives placeholders the signs back that it escapes in expressions. */
function tidy(mjml: string): string {
  return mjml
    .replace(/\r\n?/g, '\n')
    .replace(/\sdata-astro-source-(?:file|loc)="[^"]*"/g, '')
    .replace(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, unescapeHtml)
    .trim()
}

function isMjml(output: string): boolean {
  return /^\s*(?:<!--[^]*?-->\s*)*<mjml[\s>]/.test(output)
}

function declarationOf(
  { title, params }: RenderedLayout,
  file: string,
  text: string,
): { declared: LayoutDeclaration; problems: Problem[] } {
  const result = layoutDeclaration.safeParse({ title, params })
  if (result.success) return { declared: result.data, problems: [] }
  const [name = 'params', key] = result.error.issues[0]?.path ?? []
  const what = `wrong ${String(name)} of a layout`
  const isTitle = name === 'title'
  const why =
    key === undefined
      ? `it is not ${isTitle ? 'a text' : 'an object'}`
      : `"${String(key)}" is not a text`
  const cure = isTitle
    ? "write export const title = 'Our letter'"
    : "write texts: export const params = { accent: '#1f5c41' }"
  const place = placeOf(file, text, new RegExp(`export const ${String(name)}\\b`))
  return { declared: { params: {} }, problems: [errorAt(place, what, why, cure)] }
}

/** Astro moves the styles of components to the site's pages: a mail would go without them, unnoticed. */
function styles(file: string, text: string, body: string): Problem[] {
  const own = /<style\b(?![^>]*\bis:inline)[^>]*>/
  if (own.test(text)) {
    const cure = 'write <mj-style is:raw>, or <style is:inline> in an <mj-raw>'
    const why = 'Astro takes it out of the mail'
    return [errorAt(placeOf(file, text, own), 'a <style> in a mail layout', why, cure)]
  }
  const [, name] = /<([\w-]+)[^>]*?\sdata-astro-cid-/.exec(body) ?? scopedByClass.exec(body) ?? []
  if (name === undefined) return []
  const what = 'a component with a <style> in a mail layout'
  const why = `Astro takes it out of the mail, so its <${name}> would look otherwise`
  const cure = 'style it by attributes, or by an <mj-style is:raw> of the layout'
  return [errorAt({ file, line: 1 }, what, why, cure)]
}

const scopedByClass = /<([\w-]+)[^>]*?\sclass="(?:[^"]*\s)?astro-[a-z0-9]{8}[\s"]/

/** A picture that a component imports has an address of its own in each build, and in development another. */
function builtPictures(file: string, body: string): Problem[] {
  const built = /="([^"]*(?:\/@fs\/|\/_image\?|\/_astro\/|\?origWidth=)[^"]*)"/g
  return Array.from(body.matchAll(built), ([, address = '']) => {
    const [name = address] =
      /[^/%\s]+\.(?:png|jpe?g|gif|webp|avif|svg)/i.exec(decoded(address)) ?? []
    const cure = 'put the file beside the layout, and write its name: src="logo.png"'
    const why = 'each build gives it another address'
    return errorAt({ file, line: 1 }, `the imported picture ${name}`, why, cure)
  })
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}

function noRenderer(name: string, place: Place): Problem {
  const what = `the layout "${name}" cannot be rendered here`
  const why = 'it is an Astro component, and nothing that renders one was given'
  return errorAt(place, what, why, 'call it with renderLayout, as the site and the command line do')
}

function noMjml(name: string, file: string, output: string): Problem {
  const [begin = ''] = output.trim().slice(0, 60).split('\n')
  const why = begin === '' ? 'it outputs nothing' : `it outputs ${begin}…`
  const cure = 'let the component output <mjml>…</mjml>, and nothing before it'
  return errorAt({ file, line: 1 }, `the layout "${name}" is not MJML`, why, cure)
}

function unsteady(name: string, file: string): Problem {
  const what = `the layout "${name}" comes out different each time`
  const why = 'a mail must be the same wherever and whenever it is compiled'
  const cure = 'take out what depends on time or chance: new Date(), Math.random()'
  return errorAt({ file, line: 1 }, what, why, cure)
}

function placeOf(file: string, text: string, pattern: RegExp): Place {
  return { file, line: lineAt(text, Math.max(0, text.search(pattern)), 1) }
}
