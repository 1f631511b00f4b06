import type { CampaignVariant } from '../campaign.ts'
import type { MailshotConfig } from '../config.ts'
import { type CampaignFiles, readText } from './files.ts'
import { placeOf, readFrontMatter, type SourceFile } from './front-matter.ts'
import { readImages } from './image-files.ts'
import { type BuiltIn, readLayout, type RenderLayout } from './layout.ts'
import { errorAt, type Place, type Problem } from './problem.ts'
import { readSettings, type Settings } from './settings.ts'

/** One language of a mail as its files say it. */
export interface ReadVariant {
  variant: CampaignVariant
  settings: Settings
  /** Whether there is a front matter at all. */
  isReadable: boolean
  placeOf: (key: string) => Place
  problems: Problem[]
}

/** How the files of a mail are read. */
export interface ReadUse {
  slug: string
  /** The layout of Markdown that asks for none. */
  usual: BuiltIn
  renderLayout: RenderLayout | undefined
}

/** Reads every language of a mail, with all that is wrong in its files. */
export async function readVariants(
  config: MailshotConfig,
  files: CampaignFiles,
  use: ReadUse,
): Promise<ReadVariant[]> {
  return Promise.all(
    files.sources.map(async (source) =>
      readVariant(config, { ...source, folder: files.folder }, use),
    ),
  )
}

type Source = CampaignFiles['sources'][number]

async function readVariant(
  config: MailshotConfig,
  found: Source & { folder: string },
  use: ReadUse,
): Promise<ReadVariant> {
  const whole = await readText(found.file)
  const source = readFrontMatter(found.file, whole?.text ?? '')
  const { settings, problems } = readSettings(config, source)
  const placed = (key: string) => placeOf(source, [key])
  const lang = found.lang ?? settings.lang ?? config.lang
  const { layout, problems: layoutProblems } =
    found.format === 'md'
      ? await readLayout(config, source, { ...use, lang, settings })
      : noLayout(settings, placed)
  const own = await readOwnText(found.textFile)
  const variant: CampaignVariant = {
    lang,
    format: found.format,
    file: found.file,
    subject: { text: settings.subject, place: placed('subject') },
    preheader: { text: settings.preheader, place: placed('preheader') },
    body: source.body,
    bodyLine: source.bodyLine,
    layout,
    images: await readImages(found.folder, source.body),
    text: own.text,
  }
  const wrong = [
    ...[whole, own].flatMap((file) => file?.problems ?? []),
    ...checkLanguage(found.lang, settings, placed),
    ...checkBody(source),
  ]
  return {
    variant,
    settings,
    isReadable: source.data !== undefined,
    placeOf: placed,
    problems: [...source.problems, ...problems, ...layoutProblems, ...wrong],
  }
}

/** The text part that the author wrote, if any. */
async function readOwnText(
  file: string | undefined,
): Promise<{ text: CampaignVariant['text']; problems: Problem[] }> {
  const found = file === undefined ? undefined : await readText(file)
  const text = file && found?.text ? { file, body: found.text.replace(/\r\n?/g, '\n') } : undefined
  return { text, problems: found?.problems ?? [] }
}

function noLayout(settings: Settings, placed: (key: string) => Place) {
  const keys = [settings.layout && 'layout', Object.keys(settings.params).length > 0 && 'params']
  const problems = keys
    .filter((key) => typeof key === 'string')
    .map((key) =>
      errorAt(
        placed(key),
        `"${key}" has no effect here`,
        'an MJML campaign is the whole mail',
        'remove the line',
      ),
    )
  return { layout: undefined, problems }
}

function checkLanguage(
  lang: string | undefined,
  settings: Settings,
  placed: (key: string) => Place,
): Problem[] {
  if (lang === undefined || settings.lang === undefined || lang === settings.lang) return []
  const what = `lang: ${settings.lang} contradicts the file's name`
  return [
    errorAt(
      placed('lang'),
      what,
      `in a folder the name says the language, ${lang}`,
      'remove the line',
    ),
  ]
}

function checkBody({ file, body, bodyLine, data }: SourceFile): Problem[] {
  if (!data || body.trim() !== '') return []
  const place = { file, line: bodyLine }
  return [
    errorAt(place, 'the mail is empty', 'there is nothing below the front matter', 'write it'),
  ]
}
