import node from '@astrojs/node'
import { defineConfig } from 'astro/config'
import { mailshot } from 'astro-mailshot'

export default defineConfig({
  site: process.env.SITE_URL || 'http://localhost:4321',
  output: 'server',
  // The adapter would keep sessions in a folder of the building machine.
  session: false,
  adapter: node({ mode: 'standalone', bodySizeLimit: 40 * 1024 * 1024 }),
  integrations: [mailshot({ preview: process.env.MAILSHOT_PREVIEW === 'on' })],
  trailingSlash: 'never',
})
