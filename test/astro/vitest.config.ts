import { getViteConfig } from 'astro/config'

export default getViteConfig({
  test: { name: 'astro', include: ['test/astro/**/*.test.ts'], testTimeout: 60_000 },
})
