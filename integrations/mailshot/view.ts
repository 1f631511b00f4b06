import { sql } from 'drizzle-orm/sql'
import { readerOf } from './deliver/compose.ts'
import type { Mailshot } from './mailshot.ts'
import { composeMessage } from './message.ts'
import { readerLanguage } from './reader-language.ts'
import { readSnapshot } from './send/media.ts'
import { type NoticeTexts, textsFor } from './texts.ts'
import { verifyToken } from './token.ts'

export type MailView =
  | { kind: 'mail'; html: string }
  /** Why there is no mail to show, and what to do about it. */
  | { kind: 'notice'; status: 200 | 404 | 410; lang: string; notice: NoticeTexts }

/**
 * The mail behind a "view in browser" link: the frozen campaign as this recipient got it, with what the subscriber's
 * fields hold now. Its links are the recipient's own.
 */
export async function viewMail(
  mailshot: Mailshot,
  token: string,
  request: Request,
): Promise<MailView> {
  const { config } = mailshot
  const lang = readerLanguage(config, request)
  const { archive, pages } = textsFor(lang)
  const verified = verifyToken(config.secrets, 'view', token, mailshot.now())
  const [id] = 'ids' in verified ? verified.ids : []
  if (id === undefined) return { kind: 'notice', status: 404, lang, notice: pages.lost }
  if (id === 0) return { kind: 'notice', status: 200, lang, notice: archive.test }
  const recipient = await findRecipient(mailshot, id)
  if (!recipient) return { kind: 'notice', status: 410, lang, notice: archive.gone }
  const campaign = await readSnapshot(mailshot, recipient.contentHash)
  const { html } = composeMessage(config, campaign, readerOf(config, recipient), {
    id: `${recipient.sendId}.${id}`,
    envelopeFrom: config.returnPath,
    messageId: '',
  })
  return { kind: 'mail', html }
}

/**
 * A mail as a page of its own. It runs no script and sends no form; what it links to opens like any link, and does not learn
 * the address, which holds a token.
 */
export function mailResponse(html: string): Response {
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': mailPolicy("frame-ancestors 'none'", sandbox),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex',
    },
  })
}

/** What a mail may do in a browser: show itself, and open links. */
export function mailPolicy(...more: string[]): string {
  const directives = [
    "default-src 'none'",
    'img-src https: http: data:',
    "style-src 'unsafe-inline'",
    "form-action 'none'",
  ]
  return [...directives, ...more].join('; ')
}

/** A link that opens a window leads out of the sandbox: the pages behind it have buttons that must work. */
const sandbox = 'sandbox allow-popups allow-popups-to-escape-sandbox'

interface Row {
  id: number
  sendId: string
  subscriberId: number
  written: string
  name: string
  lang: string | null
  contentHash: string
  attributes: string
  lists: string
}

async function findRecipient(mailshot: Mailshot, id: number) {
  const row = await mailshot.db.get<Row>(sql`
    SELECT r.id, r.send_id AS sendId, r.subscriber_id AS subscriberId, r.written, r.lists,
      p.name, p.lang, p.attributes, s.content_hash AS contentHash
    FROM recipients AS r JOIN sends AS s ON s.id = r.send_id JOIN subscribers AS p ON p.id = r.subscriber_id
    WHERE r.id = ${id}`)
  return row && { ...row, lists: JSON.parse(row.lists), attributes: JSON.parse(row.attributes) }
}
