import type { MediaFile } from '../compile.ts'
import { mediaUrl } from '../compile/images.ts'
import type { MailshotConfig } from '../config.ts'
import { partPath } from './address.ts'
import { type Look, lookAt, type PreviewOptions } from './look.ts'
import type { ShownMail } from './mail.ts'
import { asScheme, type Scheme } from './scheme.ts'

/**
 * Answers for a part of a campaign's preview: `mail.html` in `?scheme=light` or `dark`, with the images of files that no
 * site serves yet; `mail.txt`; `mail.eml`, exactly as it would be handed over; `<hash>.<ext>`, one of its images.
 */
export async function previewPart(
  config: MailshotConfig,
  { slug, part }: { slug: string; part: string },
  options: PreviewOptions & { request: Request },
): Promise<Response> {
  const look = await lookAt(config, slug, options)
  if (!look) return plain(`There is no campaign "${slug}".\n`, 404)
  const { inspected, shown } = look
  const image = inspected.media.find((file) => nameOf(file) === part)
  if (image) return imageResponse(image)
  if (!shown)
    return plain(`${slug} cannot be compiled: ${inspected.failure ?? 'see its page'}\n`, 422)
  switch (part) {
    case 'mail.html':
      return htmlResponse(servedHtml(config, look, shown.mail))
    case 'mail.txt':
      return plain(shown.mail.text, 200)
    case 'mail.eml':
      return emlResponse(slug, shown.mail)
    default:
      return plain(`${slug} has no part "${part}".\n`, 404)
  }
}

/** Which of the two schemes a query asks for. */
export function schemeOf(query: URLSearchParams): Scheme {
  return query.get('scheme') === 'dark' ? 'dark' : 'light'
}

function servedHtml(config: MailshotConfig, { slug, query, inspected }: Look, mail: ShownMail) {
  const html = inspected.media.reduce(
    (text, file) => text.replaceAll(mediaUrl(config, file), partPath(config, slug, nameOf(file))),
    asScheme(mail.html, schemeOf(query)),
  )
  // A link opens beside the preview, as a mail program opens it beside the mail.
  return html.replace(/<head\b[^>]*>/i, (head) => `${head}<base target="_blank">`)
}

function nameOf({ hash, ext }: MediaFile): string {
  return `${hash}.${ext}`
}

/** Nothing in a mail can run or send, and it is a stranger to the site that shows it. */
const mailPolicy = [
  "default-src 'none'",
  "img-src 'self' https: http: data:",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ')

function htmlResponse(html: string): Response {
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': mailPolicy,
    },
  })
}

function imageResponse({ type, bytes }: MediaFile): Response {
  // The name is a hash of what is in it.
  const headers = { 'content-type': type, 'cache-control': 'private, max-age=31536000, immutable' }
  return new Response(new Uint8Array(bytes), { headers })
}

async function emlResponse(slug: string, { variant, message }: ShownMail): Promise<Response> {
  if ('failure' in message) return plain(`${slug} cannot be composed: ${message.failure}\n`, 422)
  const name = `${slug}.${variant.lang}.eml`.replace(/[^\w.-]/g, '_')
  return new Response(new Uint8Array(await message.mime()), {
    headers: {
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${name}"`,
    },
  })
}

function plain(text: string, status: number): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
