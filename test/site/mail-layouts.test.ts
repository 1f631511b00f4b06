import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type AstroSite, buildAstroSite, openAstroSite, startAstroSite } from '../astro-site.ts'

const slug = '2026-06-cards'

test('a layout that is an Astro component is the same mail on the command line, in development and in the built site', async () => {
  const site = openAstroSite()
  await site.mailshot('init')
  await site.mailshot('subscribers', 'add', 'a@example.org', '--list', 'weekly')

  const sent = await site.mailshot('send', slug, '--yes', '--json')
  const { send } = z
    .object({ send: z.object({ contentHash: z.string() }) })
    .parse(JSON.parse(sent.out))
  const inDevelopment = await hashIn(site, 'dev')
  await buildAstroSite(site)
  const built = await hashIn(site, 'start')

  expect({ inDevelopment, built }).toEqual({
    inDevelopment: send.contentHash,
    built: send.contentHash,
  })
  expect(readdirSync(join(site.folder, 'dist/client/mailshot/media'))).toHaveLength(1)
})

async function hashIn(site: AstroSite, command: 'dev' | 'start'): Promise<string> {
  const server = await startAstroSite(site, command)
  try {
    return await (await server.ask('/hash')).text()
  } finally {
    await server.stop()
  }
}
