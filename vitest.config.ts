import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// What a test needs decides its project: nothing of Astro, Astro's own Vite, or the built site.
const astro = ['test/astro/**/*.test.ts']
const site = ['test/site/**/*.test.ts']

export default defineConfig({
  test: {
    // Tests wait a fifth of their time, for clocks and for processes: one more than there are cores keeps those busy.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...astro, ...site],
          testTimeout: 120_000,
        },
      },
      './test/astro/vitest.config.ts',
      {
        test: {
          name: 'site',
          include: site,
          globalSetup: 'test/site/build-site.ts',
          // Browsers and dev servers share two cores with the other tests; Vitest names whatever needed a second try.
          retry: process.env['CI'] ? 1 : 0,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
