import type { AstroConfig } from 'astro'
import { AstroError } from 'astro/errors'

/**
 * Gives the Node adapter our entry instead of its own: the same server, with the sender in it, which ends cleanly. The
 * adapter names its entry in a hook that runs later, so that hook is wrapped.
 *
 * @throws AstroError when the site has another adapter, or none
 */
export function wrapAdapter({ integrations }: AstroConfig): void {
  const adapter = integrations.find(({ name }) => name === '@astrojs/node')
  const done = adapter?.hooks['astro:config:done']
  if (!adapter || !done) {
    throw new AstroError(
      'astro-mailshot: the site has no Node adapter, so nothing could send, and no page could answer a reader.',
      'Add it with: npx astro add node',
    )
  }
  adapter.hooks['astro:config:done'] = (options) =>
    done({
      ...options,
      setAdapter: (given) => {
        // An adapter has its entry resolved by Astro, or by itself; ours has it resolved by Astro.
        const entry = { serverEntrypoint: new URL('../server-entry.ts', import.meta.url) }
        options.setAdapter(Object.assign(given, entry))
      },
    })
}
