import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AstroIntegration } from 'astro'
import type * as Vite from 'vite'
import { z } from 'zod'
import type { LayoutFault, RenderLayout } from './campaign/layout.ts'
import { rememberLayouts } from './campaign/layout/remember.ts'
import type { renderComponent } from './campaign/layout/render.ts'

/**
 * Does work, outside the site, that may come upon mail layouts that are Astro components. At the first of them the site's
 * own Astro is loaded, which takes a second or two; it is ended after the work. Without one it costs nothing. What
 * components and integrations write to the console meanwhile goes to stderr: it is no result of ours.
 */
export async function withAstroLayouts<Result>(
  work: (renderLayout: RenderLayout) => Promise<Result>,
): Promise<Result> {
  const { log, info, debug } = console
  let opening: Promise<Vite.ViteDevServer | LayoutFault> | undefined
  const renderLayout = rememberLayouts(async (file, props) => {
    opening ??= openAstro()
    const vite = await opening
    if ('why' in vite) return vite
    // Both through Vite, so that the component and what renders it are of one Astro.
    const module = rendererModule.parse(await vite.ssrLoadModule(renderer))
    return module.renderComponent(() => vite.ssrLoadModule(resolve(file)), props)
  })
  try {
    return await work(renderLayout)
  } finally {
    const vite = await opening
    if (vite && !('why' in vite)) await vite.close()
    Object.assign(console, { log, info, debug })
  }
}

const rendererModule = z.object({
  renderComponent: z.custom<typeof renderComponent>((value) => typeof value === 'function'),
})

const renderer = fileURLToPath(new URL('./campaign/layout/render.ts', import.meta.url))
const configs = ['mjs', 'js', 'ts', 'mts'].map((ending) => `astro.config.${ending}`)

async function openAstro(): Promise<Vite.ViteDevServer | LayoutFault> {
  const root = process.cwd()
  if (!configs.some((file) => existsSync(file))) {
    return {
      why: `it is an Astro component, and ${root} is no Astro site: it has no ${configs[0]}`,
      cure: 'write the layout in MJML, or run mailshot in the site',
    }
  }
  console.log = console.info = console.debug = console.error
  try {
    return await startVite(root)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { why: `the site's Astro does not start: ${why}`, cure: 'see what astro build says' }
  }
}

/** Astro's Vite without all that a site needs beyond it: it listens to nothing and watches nothing. */
async function startVite(root: string): Promise<Vite.ViteDevServer> {
  // As in the built site, whose mail it is to be.
  process.env['NODE_ENV'] ??= 'production'
  const [{ getViteConfig }, { createServer }] = await Promise.all([
    import('astro/config'),
    importVite(),
  ])
  let sources = pathToFileURL(join(root, 'src/'))
  const config = getViteConfig(
    {
      server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true },
      logLevel: 'silent',
      plugins: [nothingForBrowsers],
    },
    {
      root,
      logLevel: 'silent',
      devToolbar: { enabled: false },
      integrations: [whereSourcesAre((folder) => (sources = folder))],
    },
  )
  const resolved = await config({ mode: 'production', command: 'serve' })
  await writeCollections(root, sources)
  return createServer(resolved)
}

/** The development toolbar and its like would be bundled, and written beside what a running `astro dev` has there. */
const nothingForBrowsers: Vite.Plugin = {
  name: 'astro-mailshot:nothing-for-browsers',
  configResolved({ environments }) {
    for (const { optimizeDeps } of Object.values(environments)) optimizeDeps.include = []
  },
}

/** The Vite that is Astro's: a site need not have it as a package of its own. */
async function importVite(): Promise<typeof Vite> {
  const { resolve: find } = createRequire(import.meta.resolve('astro/config'))
  return await import(pathToFileURL(find('vite')).href)
}

function whereSourcesAre(tell: (folder: URL) => void): AstroIntegration {
  const hooks: AstroIntegration['hooks'] = {
    'astro:config:setup': ({ config }) => tell(config.srcDir),
  }
  return { name: 'astro-mailshot:sources', hooks }
}

/** Content collections are read from a file that only `astro dev` writes to where Vite looks for it. */
async function writeCollections(root: string, sources: URL): Promise<void> {
  const files = ['ts', 'mts', 'js', 'mjs'].map((ending) => `content.config.${ending}`)
  if (!files.some((file) => existsSync(new URL(file, sources)))) return
  const { sync } = await import('astro')
  await sync({ root, cacheDir: '.astro', logLevel: 'silent' })
}
