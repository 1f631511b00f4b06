import { join } from 'node:path'
import type { Problem } from '../campaign.ts'
import { listSlugs } from '../campaign/files.ts'
import type { MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { composeMessage, languageFor } from '../message.ts'
import { sampleReader } from '../message/sample.ts'
import { languageOfTexts } from '../reader-language.ts'
import { reconsentMail } from '../reconsent/mail.ts'
import { textLanguages } from '../texts.ts'
import { linkTo, type TokenPurpose } from '../token.ts'
import type { Message } from '../transport.ts'
import { contentOf } from './content.ts'
import { readLetter, type WrittenLetter } from './files.ts'
import { layOut } from './lay-out.ts'
import { letterMessage } from './message.ts'
import { sampleValues } from './sample-values.ts'
import { fillTemplate, type LetterWords, type WritableKind } from './template.ts'

/** A letter as it would be mailed now, to look at: its links lead to a page that says that it was a test. */
export interface SampleLetter {
  kind: WritableKind
  /** The languages that it is written in, and the one of readers who have another. */
  langs: string[]
  fallback: string
  /** The site's own file, or folder of files, as far as it has one. */
  own: WrittenLetter | undefined
  /** Whether these are the site's words. Where they have a mistake, ours are mailed. */
  isOwn: boolean
  problems: Problem[]
  media: MediaFile[]
  /** For an invented reader; what is known of a real one wins. */
  compose(reader?: Partial<SampleReader>, marks?: SampleMarks): Message
}

/** What tells a mail that is sent as a test from others. */
export interface SampleMarks {
  id: string
  messageId: string
  subjectPrefix: string
}

export interface SampleReader {
  email: string
  name: string
  lang: string
}

type Site = Pick<Mailshot, 'config' | 'now'>

/** Reads a letter from the site's files, and composes it for invented readers, in its own words or ours. Needs no database. */
export async function readSampleLetter(site: Site, kind: WritableKind): Promise<SampleLetter> {
  const root = join(site.config.campaigns, 'letters')
  const isThere = (await listSlugs(root)).includes(kind)
  const own = isThere ? await readLetter(site.config, root, kind) : undefined
  const { template, problems = [], media = [] } = own ?? {}
  const base = { kind, own, isOwn: template !== undefined, problems, media }
  if (kind === 're-consent') return { ...base, ...(await asSend(site, own)) }
  const fallback = template?.fallback ?? languageOfTexts(site.config, site.config.lang)
  const langs = template ? Object.keys(template.variants).toSorted() : [...textLanguages]
  const compose: SampleLetter['compose'] = (known, marks = marksOf(site.config, kind)) => {
    const lang = known?.lang ?? fallback
    const reader = { ...invented, ...known, lang, marks }
    const spoken = template ? languageFor(template, lang) : languageOfTexts(site.config, lang)
    const values = { ...sampleValues(site, kind, { ...reader, lang: spoken }), lang }
    if (template) return messageOf(site.config, reader, fillTemplate(template, spoken, values))
    const content = contentOf(site.config, { kind, lang: spoken, values })
    return messageOf(site.config, reader, layOut(site.config, content, spoken))
  }
  return { ...base, langs, fallback, compose }
}

const invented = { email: 'camille@example.org', name: 'Camille Martin' }

/** Whether readers want to stay is asked by a send, as a campaign is mailed. */
async function asSend(
  { config, now }: Site,
  own: WrittenLetter | undefined,
): Promise<Pick<SampleLetter, 'langs' | 'fallback' | 'compose'>> {
  if (own && !own.template) {
    return { langs: [], fallback: config.lang, compose: refuse }
  }
  const [list = ''] = Object.keys(config.lists)
  const { compiled } = await reconsentMail({ config, now }, { list, days: 30 })
  const page = (name: TokenPurpose) => linkTo(config, name, 'sample')
  const urls = {
    unsubscribe: page('unsubscribe'),
    preferences: page('preferences'),
    view: page('view'),
    stay: page('stay'),
  }
  return {
    langs: Object.keys(compiled.variants).toSorted(),
    fallback: compiled.fallback,
    compose: (known = {}, { id, messageId, subjectPrefix } = marksOf(config, 're-consent')) =>
      composeMessage(config, compiled, sampleReader(config, compiled, { ...known, urls }), {
        id: `${id}.0`,
        envelopeFrom: config.returnPath,
        messageId,
        subjectPrefix,
      }),
  }
}

function marksOf({ site }: MailshotConfig, kind: WritableKind): SampleMarks {
  const messageId = `<sample.${kind}@${new URL(site).hostname}>`
  return { id: `sample.${kind}`, messageId, subjectPrefix: '' }
}

function refuse(): never {
  throw new MailshotError(
    'letters/re-consent: its file has a mistake, so nobody can be asked; mailshot check letters/re-consent says which',
  )
}

function messageOf(
  config: MailshotConfig,
  { email, lang, marks }: SampleReader & { marks: SampleMarks },
  words: Omit<LetterWords, 'lang'>,
): Message {
  const { id, messageId, subjectPrefix } = marks
  const subject = subjectPrefix + words.subject
  const address = { id, email, lang, envelopeFrom: config.returnPath, messageId }
  return letterMessage(config, address, { ...words, subject })
}
