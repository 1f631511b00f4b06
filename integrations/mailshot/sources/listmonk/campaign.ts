import { parseMailbox } from '../../email-address.ts'
import type { FormerSend } from '../../import/history.ts'
import type { Stage } from '../tables/stage.ts'
import { zonedTime } from '../tables/zoned-time.ts'

export const listmonkSendTables = {
  campaigns: [
    'id integer',
    'subject',
    'from_email',
    'body',
    'altbody',
    'content_type',
    'status',
    'to_send integer',
    'sent integer',
    'started_at',
    'updated_at',
    'created_at',
  ],
  campaign_lists: ['campaign_id integer', 'list_name'],
  campaign_views: ['campaign_id integer'],
  link_clicks: ['campaign_id integer'],
} as const

interface Campaign {
  id: number
  subject: string | null
  from_email: string | null
  body: string | null
  altbody: string | null
  content_type: string | null
  status: string | null
  to_send: number | null
  sent: number | null
  started_at: string | null
  updated_at: string | null
  created_at: string | null
}

/** What was sent, oldest first; drafts and what is planned there are left out. One that still ran is broken off. */
export function* listmonkSends(stage: Stage): Generator<FormerSend> {
  const sent = stage.all<{ key: number }>(`SELECT rowid AS key FROM campaigns
    WHERE status IN ('finished', 'cancelled', 'running', 'paused') ORDER BY id`)
  for (const key of Array.from(sent, (row) => row.key)) {
    const [row] = stage.all<Campaign>('SELECT * FROM campaigns WHERE rowid = ?', key)
    if (row) yield sendOf(stage, row)
  }
}

function sendOf(stage: Stage, row: Campaign): FormerSend {
  const lists = stage.all<{ name: string }>(
    'SELECT list_name AS name FROM campaign_lists WHERE campaign_id = ? ORDER BY rowid',
    row.id,
  )
  const count = (table: 'campaign_views' | 'link_clicks') => {
    const [counted] = stage.all<{ n: number }>(
      `SELECT count(*) AS n FROM ${table} WHERE campaign_id = ?`,
      row.id,
    )
    return counted?.n ?? 0
  }
  const isHtml = row.content_type === 'html' || row.content_type === 'richtext'
  const body = withFields(row.body)
  const startedAt = zonedTime(row.started_at) ?? zonedTime(row.created_at)
  return {
    id: String(row.id),
    subject: withFields(row.subject),
    html: isHtml ? body : '',
    text: row.altbody ? withFields(row.altbody) : isHtml ? '' : body,
    from: parseMailbox(row.from_email ?? ''),
    lists: Array.from(lists, ({ name }) => name),
    startedAt,
    finishedAt: zonedTime(row.updated_at) ?? startedAt,
    status: row.status === 'finished' ? 'done' : 'cancelled',
    counts: {
      total: Math.max(row.to_send ?? 0, row.sent ?? 0),
      sent: row.sent ?? 0,
      failed: 0,
      opened: count('campaign_views'),
      clicked: count('link_clicks'),
      complained: 0,
    },
    recipients: () => [],
  }
}

/** listmonk's placeholders as those of SPIP, which the history reads; a tracked link is the link. What else is between braces vanishes. */
function withFields(text: string | null): string {
  return (text ?? '').replace(/\{\{-?\s*(.*?)\s*-?\}\}/gs, (_, expression: string) => {
    const link = /^TrackLink\s+["'`](.*?)["'`]/.exec(expression)?.[1]
    const field = fields[expression.replace(/\s+\.$/, '').replace(/^\./, '')]
    return link ?? (field === undefined ? '' : `@${field}@`)
  })
}

const fields: Record<string, string> = {
  'Subscriber.Name': 'nom',
  'Subscriber.FirstName': 'nom',
  'Subscriber.Email': 'email',
  UnsubscribeURL: 'url_unsubscribe',
  ManageURL: 'url_preferences',
  MessageURL: 'url_view',
}
