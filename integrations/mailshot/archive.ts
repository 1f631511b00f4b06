import { type SQL, sql } from 'drizzle-orm/sql'
import { wentToPublicLists } from './archive/public-list.ts'
import type { ArchivePage, CompiledCampaign, Template } from './compile.ts'
import { oneLine } from './compile/escape.ts'
import type { MailshotConfig } from './config.ts'
import type { Mailshot } from './mailshot.ts'
import { languageFor, type Reader, scopeOf, variantFor } from './message.ts'
import { prepareMerge } from './message/merge.ts'
import { readSnapshot } from './send/media.ts'
import { pageUrl } from './token.ts'

/** A campaign as the public archive shows it, in one language, with neutral fields. */
export interface Letter {
  slug: string
  /** Its public address: with the language where it has several. */
  url: string
  lang: string
  dir: 'ltr' | 'rtl'
  /** All languages there are of it, sorted. */
  langs: string[]
  title: string
  preheader: string
  /** When it was first sent, in milliseconds. */
  sentAt: number
  /** `content` belongs in the site's own design; `mail` is a whole HTML document with a design of its own. */
  body: { kind: ArchivePage['kind']; html: string }
}

export interface LetterQuery {
  /** Each letter is in this language where it has it, or the closest it has. */
  lang: string
  /** 20 unless told. */
  limit?: number
  /** Keyset paging: only those that follow the letter of this slug. */
  before?: string
}

/**
 * Letters of the public archive, newest first: what was really sent to lists that are all public now, or were when they closed, unless
 * its campaign says `archive: false`, then or by now. A correction takes the place of what it corrects, with the date of the first. What
 * cannot be merged is left out.
 */
export async function listLetters(mailshot: Mailshot, query: LetterQuery): Promise<Letter[]> {
  const { lang, limit = 20 } = query
  const letters: Letter[] = []
  let { before } = query
  for (;;) {
    const sends = await publicSends(mailshot, after(before), limit)
    for (const send of sends) {
      const letter = await toLetter(mailshot, send, lang)
      if (letter) letters.push(letter)
    }
    if (letters.length >= limit || sends.length < limit) return letters.slice(0, limit)
    before = sends.at(-1)?.slug
  }
}

/** A letter of the public archive, in a language that it has; without one, in its campaign's fallback. */
export async function findLetter(
  mailshot: Mailshot,
  { slug, lang }: { slug: string; lang?: string },
): Promise<Letter | undefined> {
  const [row] = await publicSends(mailshot, sql`slug = ${slug}`, 1)
  const letter = row && (await toLetter(mailshot, row, lang))
  return lang === undefined || letter?.lang === lang ? letter : undefined
}

/** The public address of the archive, or of what is at a path in it. */
export function archiveUrl(
  { site, archive, trailingSlash }: Pick<MailshotConfig, 'site' | 'archive' | 'trailingSlash'>,
  path: '' | `/${string}` = '',
): string {
  // What has an ending is a file to Astro, and never ends with a slash.
  const slash = trailingSlash && !path.includes('.') ? '/' : ''
  return `${site}${archive || ''}${path}${slash}`
}

interface PublicSend {
  /** Of the latest send. */
  id: string
  slug: string
  /** When the slug was first sent. */
  sentAt: number
  /** Of the latest send. */
  lists: string[]
  /** What it froze. */
  hash: string
  /** What all sends since froze, that one included. */
  hashes: string[]
}

/** The sends that the archive may show, newest first, the latest of each slug. */
async function publicSends(
  mailshot: Mailshot,
  condition: SQL,
  limit: number,
): Promise<PublicSend[]> {
  if (mailshot.config.archive === false) return []
  const rows = await mailshot.db.all<PublicSend & Record<'lists' | 'hashes', string>>(sql`
    WITH letters AS (
      SELECT id, slug, snapshot AS hash, lists, created_at AS createdAt,
        min(started_at) OVER (PARTITION BY slug) AS sentAt,
        row_number() OVER (PARTITION BY slug ORDER BY created_at DESC, rowid DESC) AS place
      FROM sends
      WHERE slug NOT IN (SELECT value FROM json_each(${JSON.stringify(mailshot.unlisted)}))
        AND only_to IS NULL AND started_at IS NOT NULL AND sent + uncertain > 0
        AND ${wentToPublicLists(mailshot.config)})
    SELECT id, slug, sentAt, lists, hash,
      (SELECT json_group_array(DISTINCT snapshot) FROM sends
       WHERE slug = letters.slug AND created_at >= createdAt) AS hashes
    FROM letters WHERE place = 1 AND ${condition} ORDER BY sentAt DESC, slug DESC
    LIMIT ${limit}`)
  return rows.map((row) => ({
    ...row,
    lists: JSON.parse(row.lists),
    hashes: JSON.parse(row.hashes),
  }))
}

function after(slug: string | undefined): SQL {
  if (slug === undefined) return sql`true`
  return sql`(sentAt, slug) < (SELECT sentAt, slug FROM letters WHERE slug = ${slug} AND place = 1)`
}

/** A letter in each language that it can be shown in. */
interface Translations {
  variants: Record<string, Letter>
  fallback: string
}

type Shown = Promise<Translations | undefined>

/** Snapshots never change, so neither does what is made of them: half a millisecond a letter, saved on busy days. */
const known = new WeakMap<MailshotConfig, Map<string, Shown>>()
const mostKnown = 100

async function toLetter(
  mailshot: Mailshot,
  send: PublicSend,
  lang?: string,
): Promise<Letter | undefined> {
  const letter = await translationsOf(mailshot, send)
  return letter?.variants[languageFor(letter, lang ?? letter.fallback)]
}

function translationsOf(mailshot: Mailshot, send: PublicSend): Shown {
  const letters = known.get(mailshot.config) ?? new Map<string, Shown>()
  known.set(mailshot.config, letters)
  const key = JSON.stringify(send)
  const letter = letters.get(key) ?? readTranslations(mailshot, send)
  // The one that was asked for last goes last.
  letters.delete(key)
  letters.set(key, letter)
  const [oldest] = letters.keys()
  if (oldest !== undefined && letters.size > mostKnown) letters.delete(oldest)
  letter.catch(() => letters.delete(key))
  return letter
}

/** Undefined where the campaign keeps out of the archive, now or at a later send. */
async function readTranslations(mailshot: Mailshot, send: PublicSend): Shown {
  const snapshots = await Promise.all(send.hashes.map((hash) => readSnapshot(mailshot, hash)))
  if (snapshots.some(({ archive }) => !archive)) return undefined
  const snapshot = snapshots[send.hashes.indexOf(send.hash)]
  if (!snapshot) return undefined
  const all = Object.keys(snapshot.variants).toSorted()
  const letters = all.flatMap((lang) => mergeLetter(mailshot, snapshot, { send, lang }) ?? [])
  const langs = letters.map(({ lang }) => lang)
  const variants = Object.fromEntries(letters.map((one) => [one.lang, { ...one, langs }]))
  const fallback = [snapshot.fallback, ...langs].find((lang) => langs.includes(lang)) ?? ''
  return { variants, fallback }
}

function mergeLetter(
  mailshot: Mailshot,
  snapshot: CompiledCampaign,
  { send: { id, slug, sentAt, lists }, lang }: { send: PublicSend; lang: string },
): Omit<Letter, 'langs'> | undefined {
  // What another program posted may have a page in fewer languages.
  if (!snapshot.pages[lang]) return undefined
  const { dir } = variantFor(snapshot, lang)
  try {
    const { kind, html, ...page } = mergePage(mailshot.config, snapshot, { lang, slug, lists })
    return { slug, lang, dir, sentAt, ...page, body: { kind, html } }
  } catch (error) {
    // What an author may write in a template nobody foresees; the other letters are there to be read.
    const what = { err: error, slug, send: id, lang }
    mailshot.log.error(what, 'a letter cannot be merged, so the archive leaves it out')
    return undefined
  }
}

/** A campaign in one of its languages as everybody may read it, sent or not. */
export interface MergedPage {
  url: string
  title: string
  preheader: string
  kind: ArchivePage['kind']
  html: string
}

/**
 * Fills a campaign's page in for nobody in particular: fields are empty, and what would be a reader's own link leads to where
 * one becomes a reader.
 */
export function mergePage(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  {
    lang,
    slug = campaign.slug,
    lists = campaign.lists,
  }: { lang: string; slug?: string; lists?: string[] },
): MergedPage {
  const variant = variantFor(campaign, lang)
  const page = campaign.pages[variant.lang]
  if (!page) throw new Error(`${slug} was compiled without a page in ${variant.lang}`)
  const isOne = Object.keys(campaign.variants).length === 1
  const url = archiveUrl(config, isOne ? `/${slug}` : `/${slug}/${variant.lang}`)
  const scope = scopeOf(config, campaign, nobody(config, { lists, lang: variant.lang, url }))
  const merge = (template: Template) => prepareMerge(template, variant.lang)(scope)
  return {
    url,
    title: oneLine(merge(variant.subject)) || slug,
    preheader: oneLine(merge(variant.preheader)),
    kind: page.kind,
    html: merge(page.html),
  }
}

function nobody(
  config: MailshotConfig,
  { lists, lang, url }: Pick<Reader, 'lists' | 'lang'> & { url: string },
): Reader {
  const subscribe = pageUrl(config, 'subscribe')
  const urls = { unsubscribe: subscribe, preferences: subscribe, view: url }
  return { email: '', name: '', lang, status: '', lists, attributes: {}, urls }
}
