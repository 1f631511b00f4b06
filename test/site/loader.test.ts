import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { buildAstroSite, openAstroSite } from '../astro-site.ts'

const collection = `
import { defineCollection } from 'astro:content'
import { campaigns } from '../../../../integrations/mailshot/loader.ts'
export const collections = { campaigns: defineCollection({ loader: campaigns() }) }
`
const page = `
import { getCollection } from 'astro:content'
export const prerender = true
export const GET = async () => {
  const entries = await getCollection('campaigns')
  return Response.json(entries.map(({ id, data, rendered }) => ({ id, data, html: rendered.html })))
}
`
const french = `---\nsubject: Bonjour {{ nom | default: "à tous" }}\npreheader: Vite\nlists: [weekly]\n---\n\n# Titre\n\nChez {{ city | default: "vous" }}.\n`
const english = french.replace('Bonjour', 'Hello').replace('Titre', 'Title')

describe('campaigns', () => {
  it('gives each language of each campaign as an entry, filled in for nobody', async () => {
    const entries = await entriesOf({
      'campaigns/2026-07-two/fr.md': french,
      'campaigns/2026-07-two/en.md': english,
    })
    const two = entries.filter(({ id }) => id.startsWith('2026-07-two/'))
    expect(two.map(({ id }) => id).toSorted()).toEqual(['2026-07-two/en', '2026-07-two/fr'])
    expect(two.find(({ id }) => id.endsWith('/fr'))).toMatchObject({
      data: {
        slug: '2026-07-two',
        lang: 'fr',
        langs: ['en', 'fr'],
        title: 'Bonjour à tous',
        preheader: 'Vite',
        lists: ['weekly'],
        kind: 'content',
      },
      html: expect.stringMatching(/<h1>Titre<\/h1>[^]*Chez vous\./),
    })
  })

  it('leaves out what keeps out of the archive, and what has mistakes', async () => {
    const entries = await entriesOf({
      'campaigns/2026-07-secret.md': french.replace('lists:', 'archive: false\nlists:'),
      'campaigns/2026-08-wrong.md': french.replace('weekly', 'weeky').replace('nom', 'nmo'),
    })
    expect(entries.map(({ id }) => id).toSorted()).toEqual(['2026-06-cards/en', '2026-06-cards/fr'])
  })
})

async function entriesOf(files: Record<string, string>) {
  const site = openAstroSite({
    'src/content.config.ts': collection,
    'src/pages/all.json.ts': page,
    ...files,
  })
  await buildAstroSite(site)
  const json = readFileSync(join(site.folder, 'dist/client/all.json'), 'utf8')
  return z
    .array(z.object({ id: z.string(), data: z.unknown(), html: z.string() }))
    .parse(JSON.parse(json))
}
