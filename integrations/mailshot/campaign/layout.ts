import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { readText } from './files.ts'
import { placeOf, readFrontMatter, type SourceFile } from './front-matter.ts'
import { type CampaignImages, readImages } from './image-files.ts'
import { readComponent } from './layout/component.ts'
import { type LayoutDeclaration, layoutDeclaration } from './layout/declaration.ts'
import type { RenderLayout } from './layout/props.ts'
import { errorAt, type Problem } from './problem.ts'
import type { Settings } from './settings.ts'

export type { LayoutFault, LayoutProps, RenderedLayout, RenderLayout } from './layout/props.ts'

/** The MJML that a Markdown campaign is put in. */
export interface Layout {
  file: string
  title: string
  /** Every parameter it declares: the campaign's value, else its own default. */
  params: Record<string, string>
  body: string
  bodyLine: number
  /** The source of the Astro component that the body comes from: its lines are not those of the body. */
  component: string | undefined
  images: CampaignImages
}

/** The layouts that are built in, for a site that has none of its own by that name. */
export type BuiltIn = 'default' | 'letter'

/** Whose layout it is to be. */
export interface LayoutUse {
  slug: string
  lang: string
  settings: Settings
  /** The one it gets where it asks for none. */
  usual: BuiltIn
  renderLayout: RenderLayout | undefined
}

/**
 * Reads the layout a campaign asks for: `<campaigns>/layouts/<name>.mjml`, or `<name>.astro`, which is rendered for the
 * campaign's language. `default` and `letter` are built in. Parameters that the layout does not
 * declare are problems of the campaign.
 */
export async function readLayout(
  config: MailshotConfig,
  campaign: SourceFile,
  use: LayoutUse,
): Promise<{ layout: Layout | undefined; problems: Problem[] }> {
  const name = use.settings.layout ?? use.usual
  const folder = join(config.campaigns, 'layouts')
  const [found, other] = await findLayouts(folder, name)
  if (!found) return { layout: undefined, problems: [await unknownLayout(folder, name, campaign)] }
  if (other) return { layout: undefined, problems: [twoLayouts(name, [found, other], campaign)] }
  const { source, problems } = found.file.endsWith('.astro')
    ? await readComponent(config, found, { ...use, name, place: placeOf(campaign, ['layout']) })
    : readMjml(found)
  if (!source) return { layout: undefined, problems: [...found.problems, ...problems] }
  const { declared, ...text } = source
  return {
    layout: {
      ...text,
      title: declared.title ?? name,
      params: { ...declared.params, ...use.settings.params },
      images: await readImages(folder, source.body),
    },
    problems: [
      ...found.problems,
      ...problems,
      ...unknownParams(campaign, use.settings, Object.keys(declared.params)),
    ],
  }
}

/** A layout's file. */
export interface LayoutFile {
  file: string
  text: string
  problems: Problem[]
}

/** What a layout is, before a campaign's own parameters. */
export interface LayoutSource {
  file: string
  body: string
  bodyLine: number
  component: string | undefined
  declared: LayoutDeclaration
}

function readMjml({ file, text }: LayoutFile): { source: LayoutSource; problems: Problem[] } {
  const { body, bodyLine, ...source } = readFrontMatter(file, text)
  const withFrontMatter = source.head.length > 0
  const result = layoutDeclaration.safeParse(source.data ?? {})
  const declared = result.success ? result.data : { params: {} }
  const problems = [
    ...(withFrontMatter ? source.problems : []),
    ...(result.success ? [] : [wrongFrontMatter({ file, head: source.head }, result.error)]),
  ]
  return { source: { file, body, bodyLine, component: undefined, declared }, problems }
}

/** Beside this file; in a built site, which is one bundle, in the installed package. */
async function readBuiltIn(name: BuiltIn): ReturnType<typeof readText> {
  const file = `layouts/${name}.mjml`
  const beside = await readText(fileURLToPath(new URL(`../${file}`, import.meta.url)))
  if (beside !== undefined) return beside
  const { resolve } = createRequire(join(process.cwd(), 'package.json'))
  return readText(join(dirname(resolve('astro-mailshot/config')), file))
}

/** The site's own by that name, one if all is well; else the built-in one. */
async function findLayouts(folder: string, name: string): Promise<LayoutFile[]> {
  if (!/^[\w-]+$/.test(name)) return []
  const own: LayoutFile[] = []
  for (const file of [join(folder, `${name}.mjml`), join(folder, `${name}.astro`)]) {
    const text = await readText(file)
    if (text) own.push({ file, ...text })
  }
  if (own.length > 0 || !isBuiltIn(name)) return own
  const builtIn = await readBuiltIn(name)
  return builtIn ? [{ file: `layouts/${name}.mjml (built in)`, ...builtIn }] : own
}

function isBuiltIn(name: string): name is BuiltIn {
  return name === 'default' || name === 'letter'
}

async function unknownLayout(folder: string, name: string, campaign: SourceFile): Promise<Problem> {
  // Only to suggest a name: most sites have no such folder.
  const files = await readdir(folder).catch(() => [])
  const own = files.flatMap((file) => /^([\w-]+)\.(?:mjml|astro)$/.exec(file)?.[1] ?? [])
  const why = `there is no ${join(folder, `${name}.mjml`)}, and no ${name}.astro beside it`
  return errorAt(
    placeOf(campaign, ['layout']),
    `unknown layout "${name}"`,
    why,
    didYouMean(name, [...new Set(['default', 'letter', ...own.toSorted()])]),
  )
}

function twoLayouts(name: string, files: LayoutFile[], campaign: SourceFile): Problem {
  const why = `it may be ${files.map(({ file }) => file).join(' or ')}`
  return errorAt(
    placeOf(campaign, ['layout']),
    `two layouts "${name}"`,
    why,
    'keep one of them, or rename one',
  )
}

function wrongFrontMatter(source: Pick<SourceFile, 'file' | 'head'>, error: z.ZodError): Problem {
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
