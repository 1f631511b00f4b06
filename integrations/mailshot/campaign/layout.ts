import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { listSlugs, readText } from './files.ts'
import { placeOf, readFrontMatter, type SourceFile } from './front-matter.ts'
import { type CampaignImages, readImages } from './image-files.ts'
import { errorAt, type Problem } from './problem.ts'
import type { Settings } from './settings.ts'

/** The MJML that a Markdown campaign is put in. */
export interface Layout {
  file: string
  title: string
  /** Every parameter it declares: the campaign's value, else its own default. */
  params: Record<string, string>
  body: string
  bodyLine: number
  images: CampaignImages
}

/**
 * Reads the layout a campaign asks for: `<campaigns>/layouts/<name>.mjml`. `default` is built in, for a site that has
 * none of its own. Parameters that the layout does not declare are problems of the campaign.
 */
export async function readLayout(
  config: MailshotConfig,
  campaign: SourceFile,
  settings: Settings,
): Promise<{ layout: Layout | undefined; problems: Problem[] }> {
  const name = settings.layout ?? 'default'
  const folder = join(config.campaigns, 'layouts')
  const found = await findLayout(folder, name)
  if (!found) return { layout: undefined, problems: [await unknownLayout(folder, name, campaign)] }
  const source = readFrontMatter(found.file, found.text)
  const withFrontMatter = source.head.length > 0
  const result = layoutSchema.safeParse(source.data ?? {})
  const declared = result.success ? result.data : { title: name, params: {} }
  const params = { ...declared.params, ...settings.params }
  const images = await readImages(folder, source.body)
  return {
    layout: { ...source, title: declared.title ?? name, params, images },
    problems: [
      ...found.problems,
      ...(withFrontMatter ? source.problems : []),
      ...(result.success ? [] : [wrongFrontMatter(source, result.error)]),
      ...unknownParams(campaign, settings, Object.keys(declared.params)),
    ],
  }
}

const layoutSchema = z.strictObject({
  title: z.string().optional(),
  params: z.record(z.string(), z.string()).default({}),
})

/** Beside this file; in a built site, which is one bundle, in the installed package. */
async function readBuiltIn(): ReturnType<typeof readText> {
  const beside = await readText(fileURLToPath(new URL('../layouts/default.mjml', import.meta.url)))
  if (beside !== undefined) return beside
  const { resolve } = createRequire(join(process.cwd(), 'package.json'))
  return readText(join(dirname(resolve('astro-mailshot/config')), 'layouts/default.mjml'))
}

async function findLayout(
  folder: string,
  name: string,
): Promise<{ file: string; text: string; problems: Problem[] } | undefined> {
  if (!/^[\w-]+$/.test(name)) return undefined
  const file = join(folder, `${name}.mjml`)
  const own = await readText(file)
  if (own !== undefined) return { file, ...own }
  const builtIn = name === 'default' ? await readBuiltIn() : undefined
  return builtIn && { file: 'layouts/default.mjml (built in)', ...builtIn }
}

async function unknownLayout(folder: string, name: string, campaign: SourceFile): Promise<Problem> {
  const known = [...new Set(['default', ...(await listSlugs(folder))])]
  const why = `there is no ${join(folder, `${name}.mjml`)}`
  return errorAt(
    placeOf(campaign, ['layout']),
    `unknown layout "${name}"`,
    why,
    didYouMean(name, known),
  )
}

function wrongFrontMatter(source: SourceFile, error: z.ZodError): Problem {
  const issue = error.issues[0]
  const path = issue?.code === 'unrecognized_keys' ? issue.keys : (issue?.path ?? [])
  const why = issue?.message ?? 'it cannot be read'
  const cure = 'a layout has title: and params: only'
  return errorAt(placeOf(source, path), 'wrong front matter of a layout', why, cure)
}

function unknownParams(campaign: SourceFile, settings: Settings, declared: string[]): Problem[] {
  const unknown = Object.keys(settings.params).filter((name) => !declared.includes(name))
  return unknown.map((name) =>
    errorAt(
      placeOf(campaign, ['params', name]),
      `unknown parameter "${name}"`,
      'the layout does not declare it',
      didYouMean(name, declared),
    ),
  )
}
