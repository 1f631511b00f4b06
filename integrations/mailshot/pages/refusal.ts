import { localeOf } from '../campaign/language-tag.ts'
import { escapeHtml } from '../compile/escape.ts'
import type { MailshotConfig } from '../config.ts'
import { readerLanguage } from '../reader-language.ts'
import { type PageTexts, textsFor } from '../texts.ts'
import { writeLink } from './link.ts'
import { type Notice, noticeOf } from './notice.ts'

/** A body that is no form of ours, another site's form, a wrong method, too large a body, too many forms, or a fault on our side. */
export type RefusalStatus = 400 | 403 | 405 | 413 | 415 | 429 | 503

/**
 * The answer to a request that no page can be made for, in the reader's language: as a page where they look at one, else
 * as plain text. It needs neither the database nor the site's layout, so that it works when those do not.
 *
 * @param headers to add; of a 405, `allow`, of a 429, `retry-after` in seconds
 * @param lang what the reader is known to read, before what their browser asks for
 */
export function refusalPage(
  config: MailshotConfig,
  request: Request,
  {
    status,
    headers = {},
    lang,
  }: { status: RefusalStatus; headers?: Record<string, string>; lang?: string | null },
): Response {
  const texts = textsFor(config, readerLanguage(config, request, [lang]))
  const values = {
    site: new URL(config.site).origin,
    allow: headers['allow'] ?? '',
    when: waitOf(texts.lang, Number(headers['retry-after'] ?? 60)),
  }
  const links = status === 503 ? [writeLink(config, texts)] : []
  const notice = noticeOf(texts.pages.refusals[kinds[status]], values, { links })
  const isPage = /\btext\/html\b/i.test(request.headers.get('accept') ?? '')
  return new Response(isPage ? documentOf(notice, texts) : textOf(notice), {
    status,
    headers: {
      'content-type': isPage ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
      'content-language': texts.lang,
      'cache-control': 'no-store',
      ...(status === 503 && { 'retry-after': '60' }),
      ...headers,
    },
  })
}

const kinds = {
  400: 'noForm',
  403: 'foreignForm',
  405: 'wrongMethod',
  413: 'tooLarge',
  415: 'noForm',
  429: 'tooMany',
  503: 'broken',
} as const satisfies Record<RefusalStatus, keyof PageTexts['refusals']>

/** `in 5 minutes`, rounded up. */
function waitOf(lang: string, seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60))
  const words = new Intl.RelativeTimeFormat(localeOf(lang))
  return minutes < 120
    ? words.format(minutes, 'minute')
    : words.format(Math.ceil(minutes / 60), 'hour')
}

function textOf({ heading, paragraphs, links }: Notice): string {
  const addresses = links.map(({ label, href }) => `${label} <${href.replace(/^mailto:/, '')}>`)
  return `${[heading, ...paragraphs, ...addresses].join('\n')}\n`
}

function documentOf(
  { heading, paragraphs, links }: Notice,
  { lang, dir }: { lang: string; dir: string },
): string {
  const title = escapeHtml(heading)
  const said = paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`)
  const ways = links.map(
    ({ label, href }) => `<p><a href="${escapeHtml(href)}">${escapeHtml(label)}</a></p>`,
  )
  return `<!doctype html>
<html lang="${lang}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main data-mailshot-refusal>
<h1>${title}</h1>
${[...said, ...ways].join('\n')}
</main>
</body>
</html>
`
}

const style = `:root { color-scheme: light dark }
body { margin: 0; padding: 12vh 1.5rem 2rem; background: light-dark(#fff, #15181c); color: light-dark(#1b1e22, #e6e8eb);
  font: 1.0625rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
main { max-width: 34rem; margin-inline: auto }
h1 { font-size: 1.6rem; line-height: 1.2 }
a { color: inherit }`
