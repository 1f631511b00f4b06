import { listCampaigns, type ReadOptions } from '../campaign.ts'
import type { MailshotConfig } from '../config.ts'
import { type Inspected, inspectForPreview } from './compiled.ts'
import { composeForPreview, type ShownMail } from './mail.ts'
import { type OpenSubscribers, readReader, type ShownReader } from './reader.ts'
import { type Words, wordsFor } from './words.ts'

/** What is looked at: a campaign as its files say it now, for the reader that the address describes. */
export interface Look {
  slug: string
  query: URLSearchParams
  words: Words
  inspected: Inspected
  /** Undefined where the campaign could not be compiled at all. */
  shown: { reader: ShownReader; mail: ShownMail } | undefined
}

/** What a page of the preview is asked for, and what it may use. */
export interface PreviewOptions extends ReadOptions {
  request: Request
  /** Given where subscribers may be looked at: in development. Without it, readers are invented. */
  openSubscribers?: OpenSubscribers | undefined
}

/** Looks at a campaign as a request asks for it; undefined when there is none of this name. */
export async function lookAt(
  config: MailshotConfig,
  slug: string,
  { request, openSubscribers: open, renderLayout }: PreviewOptions,
): Promise<Look | undefined> {
  if (!(await listCampaigns(config)).includes(slug)) return undefined
  const query = new URL(request.url).searchParams
  const words = wordsFor(config, request)
  const inspected = await inspectForPreview(config, slug, { renderLayout })
  const { compiled } = inspected
  if (!compiled) return { slug, query, words, inspected, shown: undefined }
  const reader = await readReader(config, compiled, { query, words, ...(open && { open }) })
  const mail = composeForPreview(config, compiled, reader.reader)
  return { slug, query, words, inspected, shown: { reader, mail } }
}
