import node from '@astrojs/node'
import { defineConfig } from 'astro/config'
import { mailshot } from 'astro-mailshot'

export default defineConfig({
  site: 'https://torture.example',
  output: 'server',
  session: false,
  adapter: node({ mode: 'standalone' }),
  integrations: [mailshot()],
  trailingSlash: 'never',
})
