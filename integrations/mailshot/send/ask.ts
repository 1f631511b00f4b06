import { sql } from 'drizzle-orm/sql'
import { composeFor, type Composable } from '../deliver/compose.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Picked } from '../recipient/by-hand.ts'
import { wayOf } from '../route.ts'
import type { Outcome, Transport } from '../transport.ts'
import { readSnapshot } from './media.ts'
import { readSend, type Send } from './read.ts'
import { settlePicked } from './settle.ts'

export interface Asked {
  send: Send
  /** How many were uncertain. */
  asked: number
  /** How many of those the provider knew, by what became of them. */
  sent: number
  failed: number
  /** The transports that carried them and can tell. */
  by: string[]
}

const pageSize = 100

/**
 * Asks the providers what became of a send's uncertain recipients, such as those that were in hand when a process died, and settles
 * those they know: each by the transport that carried it. Who was settled or resent meanwhile stays so. Nobody is mailed. Repeating
 * it is harmless.
 *
 * @throws MailshotError when there is no such send, or none of the providers can tell
 */
export async function askProvider(
  mailshot: Mailshot,
  idOrSlug: string,
  actor: string,
): Promise<Asked> {
  const send = await readSend(mailshot, idOrSlug)
  const by = await whoCanTell(mailshot, send)
  const campaign = await readSnapshot(mailshot, send.snapshot)
  const done = { asked: 0, sent: 0, failed: 0, by }
  for (let afterId = 0; ;) {
    const page = await readUncertain(mailshot, send, afterId)
    done.asked += page.length
    const carried = Map.groupBy(page, ({ transport }) => carrierOf(mailshot, transport))
    for (const [transport, recipients] of carried) {
      const mails = recipients.flatMap((recipient) => {
        const message = composeFor(mailshot, { campaign }, recipient)
        return 'mime' in message ? [{ message, recipient }] : []
      })
      const answers = (await transport.lookUp?.(mails.map(({ message }) => message))) ?? []
      for (const as of ['sent', 'failed'] as const) {
        const known = mails.filter((_, index) => fateOf(answers[index]) === as)
        const reason = `so says ${transport.name}`
        const picked = known.map(({ recipient }) => recipient)
        done[as] += await settlePicked(mailshot, send, picked, { as, reason, actor })
      }
    }
    if (page.length < pageSize) return { ...done, send: await readSend(mailshot, send.id) }
    afterId = page.at(-1)?.id ?? afterId
  }
}

/** Of those who carried uncertain ones; where there are none, the default one. @throws MailshotError when none can */
async function whoCanTell(mailshot: Mailshot, { id, slug }: Send): Promise<string[]> {
  const rows = await mailshot.db.all<{ transport: string | null }>(
    sql`SELECT DISTINCT transport FROM recipients WHERE send_id = ${id} AND status = 'uncertain'`,
  )
  const carriers = new Set(rows.map(({ transport }) => carrierOf(mailshot, transport)))
  if (carriers.size === 0) carriers.add(mailshot.config.transport)
  const able = [...carriers].filter(({ lookUp }) => lookUp)
  if (able.length > 0) return able.map(({ name }) => name)
  const names = [...carriers].map(({ name }) => name).join(' and ')
  throw new MailshotError(
    `${names} cannot tell what became of a mail; its log can: mailshot settle ${slug} --as sent|failed …`,
  )
}

function carrierOf({ config }: Mailshot, name: string | null): Transport {
  return wayOf(config, name).config.transport
}

/** What is only put off by the provider, or unknown to it, stays as it is. */
function fateOf(answer: Outcome | undefined): 'sent' | 'failed' | undefined {
  if (answer?.status === 'accepted') return 'sent'
  return answer?.status === 'rejected' ? 'failed' : undefined
}

type Uncertain = Composable & Picked & { transport: string | null }
type Row = Omit<Uncertain, 'lists' | 'attributes'> & { lists: string; attributes: string }

async function readUncertain(
  mailshot: Mailshot,
  send: Send,
  afterId: number,
): Promise<Uncertain[]> {
  const rows = await mailshot.db.all<Row>(sql`
    SELECT r.id, r.send_id AS sendId, r.subscriber_id AS subscriberId, r.written, r.resend, r.status,
      r.transport, r.message_id AS messageId, coalesce(p.name, '') AS name, coalesce(p.attributes, '{}') AS attributes,
      coalesce(r.lang, p.lang) AS lang, coalesce(r.active_lists, r.lists) AS lists
    FROM recipients AS r LEFT JOIN subscribers AS p ON p.id = r.subscriber_id
    WHERE r.send_id = ${send.id} AND r.status = 'uncertain' AND r.message_id IS NOT NULL AND r.id > ${afterId}
    ORDER BY r.id LIMIT ${pageSize}`)
  return rows.map((row) => ({
    ...row,
    lists: JSON.parse(row.lists),
    attributes: JSON.parse(row.attributes),
  }))
}
