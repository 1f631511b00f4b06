import { listCampaigns } from '../campaign.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { sampleReader } from '../message/sample.ts'
import { campaignPath, listPath, partPath } from './address.ts'
import { type Inspected, inspectForPreview } from './compiled.ts'
import { campaignFacts, type Facts, gmailLimit } from './facts.ts'
import { type InboxLine, inboxLine, isVisible } from './inbox.ts'
import { type ListedLetter, listLetters } from './letters.ts'
import type { PreviewOptions } from './look.ts'
import { composeForPreview } from './mail.ts'
import { type Words, wordsFor } from './words.ts'

/** What the page of all campaigns shows. */
export interface PreviewList {
  words: Words
  folder: string
  total: number
  campaigns: ListedCampaign[]
  /** Further pages: compiling hundreds of campaigns would take long. */
  newer: string | undefined
  older: string | undefined
  /** Where there is no campaign at all: one to begin with. */
  example: { file: string; content: string } | undefined
  /** The single mails that the site may word itself. */
  letters: ListedLetter[]
}

/** A campaign as its row tells it. */
export interface ListedCampaign {
  slug: string
  href: string
  inbox: InboxLine
  facts: Facts
  /** Bytes of HTML. */
  size: number
  isTooLarge: boolean
  /** The first mistake, or why it could not even be read. */
  wrong: string | undefined
  /** Undefined where there is no mail to show. */
  thumbnail: string | undefined
}

const perPage = 20

/** The campaigns, newest first as their slugs begin with a date, those with mistakes among them. */
export async function previewList(
  config: MailshotConfig,
  { request, renderLayout }: Omit<PreviewOptions, 'openSubscribers'>,
): Promise<PreviewList> {
  const words = wordsFor(config, request)
  const slugs = (await listCampaigns(config)).toReversed()
  const last = Math.max(1, Math.ceil(slugs.length / perPage))
  const asked = Number(new URL(request.url).searchParams.get('page') ?? 1)
  const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), last) : 1
  const campaigns: ListedCampaign[] = []
  for (const slug of slugs.slice((page - 1) * perPage, page * perPage)) {
    const inspected = await inspectForPreview(config, slug, { renderLayout })
    campaigns.push(listedCampaign(config, slug, { inspected, words }))
  }
  const pageLink = (number: number) =>
    number < 1 || number > last
      ? undefined
      : listPath(config, new URLSearchParams({ page: String(number) }))
  return {
    words,
    folder: config.campaigns,
    total: slugs.length,
    campaigns,
    newer: pageLink(page - 1),
    older: pageLink(page + 1),
    example: slugs.length > 0 ? undefined : exampleFor(config, words),
    letters: await listLetters(config),
  }
}

function listedCampaign(
  config: MailshotConfig,
  slug: string,
  { inspected, words }: { inspected: Inspected; words: Words },
): ListedCampaign {
  const { campaign, compiled, problems, failure } = inspected
  const reader = compiled && sampleReader(config, compiled, {})
  const mail = compiled && reader && composeForPreview(config, compiled, reader)
  const written = campaign?.variants[campaign.fallback]
  const error = problems.find(({ severity }) => severity === 'error')
  const size = Buffer.byteLength(mail?.html ?? '')
  return {
    slug,
    href: campaignPath(config, slug),
    inbox: inboxLine({
      from: campaign?.from ?? config.lists[campaign?.lists[0] ?? '']?.from ?? config.from,
      subject: mail?.subject ?? written?.subject.text ?? '',
      html: mail?.html ?? '',
    }),
    facts: campaignFacts(config, inspected, words),
    size,
    isTooLarge: size > gmailLimit,
    wrong: failure ?? (error && `${error.file}:${error.line}: ${error.what}`),
    thumbnail: mail && isVisible(mail.html) ? partPath(config, slug, 'mail.html') : undefined,
  }
}

function exampleFor(config: MailshotConfig, { text, lang }: Words): PreviewList['example'] {
  const [list = 'weekly', settings] = Object.entries(config.lists)[0] ?? []
  const title = localize(settings?.title ?? config.title, lang, config.lang)
  const { subject, preheader, body } = text.example
  const head = [`subject: ${subject}`, `preheader: ${preheader}`, `lists: [${list}]`]
  const content = ['---', ...head, '---', '', `# ${title}`, '', body, ''].join('\n')
  return { file: `${config.campaigns}/2026-11-hello.md`, content }
}
