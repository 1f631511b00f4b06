import { archiveUrl, type Letter, listLetters } from '../archive.ts'
import { localize } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import type { PageLink } from '../pages/link.ts'
import { type Notice, noticeOf } from '../pages/notice.ts'
import type { Page } from '../pages/page.ts'
import { readerLanguage } from '../reader-language.ts'
import { textsFor } from '../texts.ts'
import { feedLink, type HeadLink, pathOf, signUpLinks, waysOn } from './link.ts'

/** A page of the list of letters. */
export interface IndexView {
  kind: 'index'
  /** Of the newsletter. */
  title: string
  letters: Letter[]
  /** To the first page and to the next one, where there are such. */
  turns: PageLink[]
  signUp: PageLink[]
  /** Whether another browser may get another language at the same address. */
  varies: boolean
  head: HeadLink[]
}

const pageSize = 20

/** The letters of the archive, from the one that `?before=` names on. */
export async function indexPage(
  mailshot: Mailshot,
  request: Request,
): Promise<Page<IndexView | Notice>> {
  const { config } = mailshot
  const texts = textsFor(config, readerLanguage(config, request))
  const { lang } = texts
  const asked = new URL(request.url).searchParams
  const before = asked.get('before') ?? undefined
  const query = { lang, limit: pageSize + 1, ...(before !== undefined && { before }) }
  const letters = await listLetters(mailshot, query)
  if (before !== undefined && letters.length === 0) {
    const view = noticeOf(texts.archive.unknown, {}, { links: waysOn(config, texts) })
    return { status: 404, texts, view }
  }
  const shown = letters.slice(0, pageSize)
  const last = letters.length > pageSize ? shown.at(-1) : undefined
  // A language that somebody chose goes along; otherwise the browser asks for its own again.
  const to = (parameters: Record<string, string>) =>
    addressOf(archiveUrl(config), asked.has('lang') ? { ...parameters, lang } : parameters)
  return {
    status: 200,
    texts,
    view: {
      kind: 'index',
      title: localize(config.title, lang, config.lang),
      letters: shown,
      turns: [
        ...(before === undefined ? [] : [{ label: texts.archive.newest, href: pathOf(to({})) }]),
        ...(last ? [{ label: texts.archive.older, href: pathOf(to({ before: last.slug })) }] : []),
      ],
      signUp: signUpLinks(config, texts),
      varies: !asked.has('lang'),
      head: [
        { rel: 'canonical', href: addressOf(archiveUrl(config), before ? { before } : {}) },
        feedLink(config, lang),
      ],
    },
  }
}

function addressOf(url: string, parameters: Record<string, string>): string {
  const query = new URLSearchParams(parameters).toString()
  return query === '' ? url : `${url}?${query}`
}
