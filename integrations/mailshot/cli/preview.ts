import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CompiledCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { WritableKind } from '../letter/template.ts'
import { composeSample, type Reader, variantFor } from '../message.ts'
import { withImagesInside } from '../preview/served-images.ts'
import { findSubscriber } from '../subscriber/read.ts'
import type { Message } from '../transport.ts'
import { parseAddress, requireSlug } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { compileChecked, parseLang } from './compiled.ts'
import { letterLanguages, letterNamed, readChecked } from './letter-named.ts'
import { readProject, withMailshot } from './project.ts'
import type { Terminal } from './terminal.ts'

export const preview = defineCommand({
  usage: ['preview <slug>|letters/<kind> [--lang LANG] [--as ADDRESS] [--out DIR]'],
  takes: 1,
  about:
    'Writes a campaign as it will be mailed: .html (with its images inside), .txt and .eml, for each language, filled in for\n' +
    'an invented reader or for a subscriber. Nothing is sent, and without --as no database is needed. letters/welcome is the\n' +
    'letter of that name, in the words of its file, or in ours; its links are samples.',
  options: {
    lang: { type: 'string', value: 'LANG', about: 'Only this language.' },
    as: { type: 'string', value: 'ADDRESS', about: 'As this subscriber gets it.' },
    out: { type: 'string', short: 'o', value: 'DIR', about: 'Where to; by default out/preview.' },
  },
  examples: [
    ['mailshot preview 2026-06-launch', 'all languages, to look at in a browser'],
    ['mailshot preview 2026-06-launch --as bob@example.org', 'what exactly does Bob get?'],
    ['mailshot preview letters/confirmation', 'what does whoever signs up get?'],
  ],
  async run({ values, positionals, terminal }) {
    const slug = requireSlug('preview', positionals)
    const out = values.out === undefined ? undefined : resolve(values.out)
    const known = values.as === undefined ? undefined : await readerOf(values, values.as)
    const config = known?.config ?? (await readProject(values))
    const kind = letterNamed(config, positionals[0] ?? '')
    const asked = { lang: values.lang, reader: known?.reader }
    const mails = kind
      ? await lettersFor(config, kind, { ...asked, terminal })
      : await campaignFor(config, slug, { ...asked, terminal })
    const folder = join(out ?? resolve('out/preview'), ...(kind ? ['letters'] : []))
    mkdirSync(folder, { recursive: true })
    const files = mails.flatMap(({ name, html, message }) =>
      write(message, html, join(folder, name)),
    )
    if (terminal.json) terminal.printJson({ slug: kind ? `letters/${kind}` : slug, files })
    else terminal.print(files.join('\n'))
    return exitCodes.done
  },
})

/** A mail to write: `html` has its images inside. */
interface Mail {
  name: string
  message: Message
  html: string
}

interface Asked {
  lang: string | undefined
  reader: Partial<Reader> | undefined
  terminal: Terminal
}

async function campaignFor(
  config: MailshotConfig,
  slug: string,
  { lang, reader, terminal }: Asked,
): Promise<Mail[]> {
  const { compiled, media } = await compileChecked(config, slug, terminal)
  const asked = lang === undefined ? undefined : parseLang(compiled, lang)
  return langsOf(compiled, asked ?? reader?.lang).map((one) => {
    const message = composeSample(config, compiled, { ...reader, lang: one })
    const html = withImagesInside(config, message.html, media)
    // Named for the variant: a reader's own language may be any word.
    return { name: `${slug}.${variantFor(compiled, one).lang}`, message, html }
  })
}

async function lettersFor(
  config: MailshotConfig,
  kind: WritableKind,
  { lang, reader, terminal }: Asked,
): Promise<Mail[]> {
  const letter = await readChecked(config, kind, terminal)
  const { email, name } = reader ?? {}
  const known = { ...(email && { email }), ...(name && { name }) }
  return letterLanguages(letter, lang, reader?.lang).map((one) => {
    const message = letter.compose({ ...known, lang: one })
    const html = withImagesInside(config, message.html, letter.media)
    return { name: `${kind}.${one}`, message, html }
  })
}

async function readerOf(values: { config?: string | undefined }, address: string) {
  return await withMailshot(values, async (mailshot) => {
    const person = await findSubscriber(mailshot, parseAddress(address))
    if (!person) throw new MailshotError(`--as ${address}: nobody has this address here`)
    const { email, name, lang, attributes } = person
    const reader: Partial<Reader> = {
      email,
      name,
      attributes,
      lang: lang ?? mailshot.config.lang,
    }
    return { config: mailshot.config, reader }
  })
}

/** The language asked for, or the reader's; else each there is. */
function langsOf(compiled: CompiledCampaign, lang: string | undefined): string[] {
  return lang === undefined ? Object.keys(compiled.variants).toSorted() : [lang]
}

function write(message: Message, html: string, path: string): string[] {
  writeFileSync(`${path}.html`, html)
  writeFileSync(`${path}.txt`, message.text)
  writeFileSync(`${path}.eml`, message.mime(), 'latin1')
  return ['html', 'txt', 'eml'].map((kind) => `${path}.${kind}`)
}
