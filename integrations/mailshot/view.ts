import { sql } from 'drizzle-orm/sql'
import { waysOn } from './archive/link.ts'
import type { MailshotConfig } from './config.ts'
import { readerFor } from './deliver/compose.ts'
import { messageKeyOf } from './deliver/held.ts'
import type { Mailshot } from './mailshot.ts'
import { composeMessage } from './message.ts'
import { isSampleToken, lostPage, type Notice, noticeOf } from './pages/notice.ts'
import type { Page } from './pages/page.ts'
import { readerLanguage } from './reader-language.ts'
import { readSnapshot } from './send/media.ts'
import { textsFor } from './texts.ts'
import { verifyToken } from './token.ts'

/**
 * The mail behind a "view in browser" link: the frozen campaign as this recipient got it, in the language and for the lists
 * of then, with what the subscriber's fields hold now. Its links are the recipient's own.
 */
export async function viewPage(
  mailshot: Mailshot,
  token: string,
  request: Request,
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  if (isSampleToken(token)) return explain(config, request, 'test')
  const verified = verifyToken(config.secrets, 'view', token, mailshot.now())
  const [id] = 'ids' in verified ? verified.ids : []
  if (id === undefined) return lostPage(config, request)
  if (id === 0) return explain(config, request, 'test')
  const recipient = await findRecipient(mailshot, id)
  if (!recipient) return explain(config, request, 'gone')
  const campaign = await readSnapshot(mailshot, recipient.snapshot)
  const { html } = composeMessage(config, campaign, readerFor(config, campaign, recipient), {
    id: messageKeyOf(recipient),
    envelopeFrom: config.returnPath,
    messageId: '',
  })
  return mailResponse(html)
}

/** Why there is no mail to show, in the reader's language, with the ways on. */
function explain(config: MailshotConfig, request: Request, what: 'test' | 'gone'): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const view = noticeOf(texts.archive[what], {}, { links: waysOn(config, texts) })
  return { status: what === 'test' ? 200 : 410, texts, view }
}

/**
 * A mail as a page of its own. It runs no script and sends no form; what it links to opens like any link, and does not learn
 * the address, which holds a token.
 */
function mailResponse(html: string): Response {
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
  snapshot: string
  attributes: string
  lists: string
}

async function findRecipient(mailshot: Mailshot, id: number) {
  const row = await mailshot.db.get<Row>(sql`
    SELECT r.id, r.send_id AS sendId, r.subscriber_id AS subscriberId, r.written, p.name, p.attributes, s.snapshot,
      coalesce(r.lang, p.lang) AS lang, coalesce(r.active_lists, r.lists) AS lists
    FROM recipients AS r JOIN sends AS s ON s.id = r.send_id JOIN subscribers AS p ON p.id = r.subscriber_id
    WHERE r.id = ${id}`)
  return row && { ...row, lists: JSON.parse(row.lists), attributes: JSON.parse(row.attributes) }
}
