import node from '@astrojs/node'
import { defineConfig } from 'astro/config'

export default defineConfig({
  site: process.env.SITE_URL ?? 'http://localhost:4321',
  output: 'server',
  // The adapter would keep sessions in a folder of the building machine.
  session: false,
  adapter: node({ mode: 'standalone', bodySizeLimit: 2 * 1024 * 1024 }),
  trailingSlash: 'never',
  vite: {
    // Native and large packages stay where npm put them.
    ssr: { external: ['@libsql/client', 'mjml', 'satteri', 'sharp'] },
    // The built-in layout is a file beside the code that reads it; it has to move along.
    build: { rolldownOptions: { experimental: { resolveNewUrlToAsset: true } } },
  },
})
