import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AstroConfig, AstroIntegration, HookParameters } from 'astro'
import { AstroError } from 'astro/errors'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import { checkAddresses } from './integration/check-addresses.ts'
import { useDevelopmentState } from './integration/development.ts'
import { loadEnvironment } from './integration/environment.ts'
import { requirePackages, externalPackages } from './integration/packages.ts'
import { configPlugin } from './integration/vite-plugin.ts'
import { wrapAdapter } from './integration/wrap-adapter.ts'
import { patternsOf, siteRoutes } from './routes.ts'
import { closeSite, stopSender } from './site-state.ts'

export interface MailshotOptions {
  /** The settings, from the project's root; by default `src/mailshot.config.ts` or `mailshot.config.ts`. */
  config?: string
  /**
   * Whether editors can look at campaigns under `<base>/preview`. Always in `astro dev`; `true` puts the pages into the build
   * too, for a staging site that only editors reach. They show invented readers there, never real ones.
   */
  preview?: boolean
}

type Setup = HookParameters<'astro:config:setup'>

/**
 * The integration: readers' pages, archive, API, live preview, and the sender in the site's own server.
 *
 * @throws AstroError, with a hint, when the site has no `site`, no Node adapter, or no settings that can be read
 */
export function mailshot(options: MailshotOptions = {}): AstroIntegration {
  let config: MailshotConfig
  let root: URL
  let siteBase: string
  return {
    name: 'astro-mailshot',
    hooks: {
      'astro:config:setup': async (setup) => {
        root = setup.config.root
        siteBase = setup.config.base.replace(/\/$/, '')
        requireSite(setup.config)
        wrapAdapter(setup.config)
        if (setup.command === 'build') requirePackages(root)
        const file = findConfig(root, options.config)
        config = await readConfig(file, setup)
        checkAddresses(config, setup)
        injectRoutes(config, setup, setup.command === 'dev' || options.preview === true)
        adjustAstro(setup, { config, file, unlisted: await findUnlisted(config) })
      },
      'astro:server:setup': ({ server, logger }) => {
        const campaigns = fileURLToPath(new URL(`${config.campaigns}/`, root))
        server.watcher.add(campaigns)
        server.watcher.on('all', (_event, changed) => {
          if (changed.startsWith(campaigns)) server.hot.send({ type: 'full-reload' })
        })
        // Not before: Vite is also set up by tools that never serve a page.
        server.httpServer?.once('listening', () => {
          if (config.secrets.length === 0) useDevelopmentState(root, logger)
          if (process.env['MAILSHOT_SENDER'] === 'on') void startDevSender(server)
        })
      },
      'astro:server:done': async () => {
        await stopSender()
        await closeSite()
      },
      'astro:build:done': async ({ dir, logger }) => {
        const { emitMedia } = await import('./integration/emit-media.ts')
        await emitMedia(config, {
          target: new URL(`.${config.base.slice(siteBase.length)}/media/`, dir),
          logger,
        })
      },
    },
  }
}

const here = (file: string) => new URL(file, import.meta.url)

function requireSite({ site }: AstroConfig): void {
  if (site !== undefined) return
  throw new AstroError(
    'astro-mailshot: the site has no address, so the links in mails would lead nowhere.',
    "Set it in astro.config: site: 'https://example.org'",
  )
}

function findConfig(root: URL, asked: string | undefined): URL {
  const places =
    asked === undefined
      ? ['src/mailshot.config.ts', 'mailshot.config.ts', 'mailshot.config.mjs']
      : [asked]
  const found = places.map((place) => new URL(place, root)).find((url) => existsSync(url))
  if (found) return found
  throw new AstroError(
    `astro-mailshot: there are no settings: no ${places[0]}.`,
    'Write one that says: export default defineConfig({ … }); the README has an example.',
  )
}

async function readConfig(file: URL, setup: Setup): Promise<MailshotConfig> {
  const env = new URL('.env', setup.config.root)
  loadEnvironment(env)
  setup.addWatchFile(env)
  setup.addWatchFile(file)
  const path = fileURLToPath(file)
  try {
    // A development server that starts again must not get the settings it read before.
    const { default: config } = await import(`${pathToFileURL(path).href}?at=${Date.now()}`)
    if (typeof config === 'object' && config !== null && 'secrets' in config) return config
    throw new MailshotError('it has to say: export default defineConfig({ … })')
  } catch (cause) {
    throw explainConfig(path, cause)
  }
}

function explainConfig(path: string, cause: unknown): AstroError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  // By name: the settings may have loaded this class from elsewhere.
  if (cause instanceof Error && cause.name === 'MailshotError') {
    const wrong = reason.replace(/^mailshot\.config\.ts is wrong/, 'it is wrong')
    return new AstroError(`astro-mailshot: ${path}: ${wrong}`)
  }
  return new AstroError(
    `astro-mailshot: ${path} cannot be run: ${reason}`,
    'It is run when the site is built, too: what only the server has, such as a password, needs a default there.',
  )
}

function injectRoutes(
  config: MailshotConfig,
  { config: astro, injectRoute }: Setup,
  withPreview: boolean,
): void {
  const base = astro.base.replace(/\/$/, '')
  for (const route of siteRoutes) {
    if (route.kind === 'preview' && !withPreview) continue
    for (const pattern of patternsOf(route, config)) {
      injectRoute({
        pattern: pattern.slice(base.length),
        entrypoint: here(`./routes/${route.file}`),
        prerender: false,
      })
    }
  }
}

function adjustAstro(
  { config: astro, updateConfig, addMiddleware }: Setup,
  site: { config: MailshotConfig; file: URL; unlisted: string[] },
): void {
  addMiddleware({ order: 'pre', entrypoint: here('./middleware.ts') })
  updateConfig({
    // Ours does the same test, and knows the machines that post without an Origin.
    security: { checkOrigin: false },
    vite: {
      plugins: [configPlugin({ ...site, astro })],
      // Native and large packages stay where npm put them.
      ssr: { external: externalPackages },
    },
  })
}

/** What a file says now holds for letters that were sent before, too. */
async function findUnlisted(config: MailshotConfig): Promise<string[]> {
  const { inspectCampaign, listCampaigns } = await import('./campaign.ts')
  const unlisted: string[] = []
  for (const slug of await listCampaigns(config)) {
    const { campaign } = await inspectCampaign(config, slug)
    if (campaign?.archive === false) unlisted.push(slug)
  }
  return unlisted
}

type DevServer = HookParameters<'astro:server:setup'>['server']

/** In the modules of the pages, so that both have one database open. */
async function startDevSender({ environments, config }: DevServer): Promise<void> {
  const environment = environments['ssr']
  if (!isRunnable(environment)) return
  try {
    const { startSiteSender } = await environment.runner.import(fileURLToPath(here('./server.ts')))
    await startSiteSender()
  } catch (error) {
    config.logger.error(error instanceof Error ? error.message : String(error))
  }
}

interface Runnable {
  runner: { import(path: string): Promise<{ startSiteSender(): Promise<void> }> }
}

function isRunnable(environment: object | undefined): environment is Runnable {
  return environment !== undefined && 'runner' in environment
}
