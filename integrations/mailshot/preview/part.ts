import type { MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { lookAt, type PreviewOptions } from './look.ts'
import type { ShownMail } from './mail.ts'
import { asScheme, type Scheme } from './scheme.ts'
import { withImagesInside, withLocalImages } from './served-images.ts'

/**
 * Answers for a part of a campaign's preview: `mail.html` in `?scheme=light` or `dark`, with its images inside; `mail.txt`;
 * `mail.eml`, exactly as it would be handed over.
 */
export async function previewPart(
  config: MailshotConfig,
  { slug, part }: { slug: string; part: string },
  options: PreviewOptions,
): Promise<Response> {
  const look = await lookAt(config, slug, options)
  if (!look) return plain(`There is no campaign "${slug}".\n`, 404)
  const { inspected, shown } = look
  if (!shown)
    return plain(`${slug} cannot be compiled: ${inspected.failure ?? 'see its page'}\n`, 422)
  const { mail } = shown
  const { lang } = mail.variant
  return partOf(config, part, { name: slug, lang, query: look.query, media: inspected.media, mail })
}

/** A mail whose parts are asked for. */
export interface NamedMail {
  name: string
  lang: string
  query: URLSearchParams
  media: readonly MediaFile[]
  mail: Pick<ShownMail, 'html' | 'text' | 'message'>
}

/** Answers for a part of a mail. */
export function partOf(config: MailshotConfig, part: string, named: NamedMail): Response {
  switch (part) {
    case 'mail.html':
      return htmlResponse(servedHtml(config, named))
    case 'mail.txt':
      return plain(named.mail.text, 200)
    case 'mail.eml':
      return emlResponse(named)
    default:
      return plain(`${named.name} has no part "${part}".\n`, 404)
  }
}

/**
 * What the frame around a mail allows: links that open beside it. It stays of this origin, since a development server
 * refuses images to any other; without `allow-scripts` nothing in it can make use of that.
 */
export const mailSandbox = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox'

/** Which of the two schemes a query asks for. */
export function schemeOf(query: URLSearchParams): Scheme {
  return query.get('scheme') === 'dark' ? 'dark' : 'light'
}

function servedHtml(config: MailshotConfig, { query, media, mail }: NamedMail): string {
  const html = asScheme(mail.html, schemeOf(query))
  const whole = withLocalImages(config, withImagesInside(config, html, media))
  // A link opens beside the preview, as a mail program opens it beside the mail.
  return whole.replace(/<head\b[^>]*>/i, (head) => `${head}<base target="_blank">`)
}

/** What a mail may do when it is looked at: nothing in it runs, nothing is sent; `sandbox` without scripts says so twice. */
const mailPolicy = [
  "default-src 'none'",
  "img-src 'self' https: http: data:",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  `sandbox ${mailSandbox}`,
].join('; ')

function htmlResponse(html: string): Response {
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': mailPolicy,
    },
  })
}

function emlResponse({ name, lang, mail: { message } }: NamedMail): Response {
  if ('failure' in message) return plain(`${name} cannot be composed: ${message.failure}\n`, 422)
  const file = `${name}.${lang}.eml`.replace(/[^\w.-]/g, '_')
  return new Response(Buffer.from(message.mime(), 'latin1'), {
    headers: {
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${file}"`,
    },
  })
}

/** An answer in plain text. */
export function plain(text: string, status: number): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
