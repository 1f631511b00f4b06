// Runs where Vite has loaded it, with the site's own Astro: in the site, and for the command line in a Vite of its own.
import { relative, resolve } from 'node:path'
import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import type { AstroComponentFactory } from 'astro/runtime/server/index.js'
import { z } from 'zod'
import type { LayoutFault, LayoutProps, RenderedLayout } from './props.ts'

/** Renders a layout's component. What goes wrong while it is loaded or run is its author's, and is told, not thrown. */
export async function renderComponent(
  load: () => Promise<unknown>,
  props: LayoutProps,
): Promise<RenderedLayout | LayoutFault> {
  try {
    const { default: component, title, params } = layoutModule.parse(await load())
    const declared = typeof params === 'object' ? params : {}
    // A container keeps every page it has rendered, so each mail gets its own.
    const container = await AstroContainer.create({ astroConfig: { site: props.site.url } })
    const mjml = await container.renderToString(component, {
      props: { ...props, params: { ...declared, ...props.params } },
      slots: { default: '{{ content }}' },
      request: new Request(props.site.url),
      partial: true,
    })
    return { mjml, title, params }
  } catch (cause) {
    return faultOf(cause)
  }
}

const layoutModule = z.object({
  default: z.custom<AstroComponentFactory>((value) => typeof value === 'function'),
  title: z.unknown().optional(),
  params: z.unknown().optional(),
})

function faultOf(cause: unknown): LayoutFault {
  const message = cause instanceof Error ? cause.message : String(cause)
  const [line = ''] = message.split('\n')
  const why = line.replaceAll(`${process.cwd()}/`, '')
  const place = placeOf(cause)
  return { why, cure: cureOf(cause, place), ...(place && { place }) }
}

function cureOf(cause: unknown, place: LayoutFault['place']): string {
  if (cause instanceof Error && cause.name === 'CompilerError')
    return 'mend it; a { begins an expression, unless its element says is:raw, as in <mj-style is:raw>'
  if (/\b(?:Failed to load url|Cannot find (?:module|package)) /.test(String(cause)))
    return 'correct the path of the import, from the file that has it; or install the package'
  const where = place ? 'open the component at that line' : 'open the component'
  return `${where}; where it expects something, see that the campaign or the data has it`
}

const located = z.object({ loc: z.object({ file: z.string(), line: z.number() }) })

/** Where in the project it went wrong, as far as the error knows. */
function placeOf(cause: unknown): LayoutFault['place'] {
  const { data } = located.safeParse(cause)
  if (data) return placeIn(data.loc.file, data.loc.line)
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const frames = stack.matchAll(/[( ](\/[^():]+\.(?:astro|[jt]sx?)):(\d+):\d+/g)
  return Array.from(frames, ([, file = '', line]) => placeIn(file, Number(line))).find(Boolean)
}

function placeIn(path: string, line: number): LayoutFault['place'] {
  const file = relative(process.cwd(), resolve(path))
  return /^\.\.|(?:^|\/)node_modules\//.test(file) ? undefined : { file, line }
}
