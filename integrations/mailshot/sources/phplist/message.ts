import { parseEmailAddress } from '../../email-address.ts'
import type { FormerRecipient, FormerSend } from '../../import/history.ts'
import type { Stage } from '../tables/stage.ts'
import type { PhplistReading } from './people.ts'

export const phplistSendTables = {
  message: [
    'id integer',
    'subject',
    'fromfield',
    'message',
    'textmessage',
    'status',
    'sendstart',
    'sent',
    'entered',
    'processed integer',
    'viewed integer',
  ],
  listmessage: ['messageid integer', 'listid integer'],
  usermessage: ['messageid integer', 'userid integer', 'entered', 'viewed', 'status'],
} as const

interface Message {
  id: number
  subject: string | null
  fromfield: string | null
  message: string | null
  textmessage: string | null
  status: string | null
  sendstart: string | null
  sent: string | null
  entered: string | null
  processed: number | null
  viewed: number | null
}

/** What was sent, oldest first; drafts and what waits there are left out. One that still ran is broken off. */
export function* phplistSends(stage: Stage, reading: PhplistReading): Generator<FormerSend> {
  const sent = stage.all<{ key: number }>(`SELECT rowid AS key FROM message
    WHERE coalesce(status, '') IN ('sent', 'inprocess', 'suspended', 'cancelled') ORDER BY id`)
  for (const key of Array.from(sent, (row) => row.key)) {
    const [row] = stage.all<Message>(
      `SELECT id, subject, fromfield, message, textmessage, status, sendstart, sent, entered, processed, viewed
        FROM message WHERE rowid = ?`,
      key,
    )
    if (row) yield sendOf(stage, row, reading)
  }
}

function sendOf(stage: Stage, row: Message, { timeOf }: PhplistReading): FormerSend {
  const lists = stage.all<{ name: string }>(
    'SELECT DISTINCT l.name FROM listmessage m JOIN list l ON l.id = m.listid WHERE m.messageid = ? ORDER BY l.id',
    row.id,
  )
  const startedAt = timeOf(row.sendstart) ?? timeOf(row.entered)
  const total = row.processed ?? 0
  return {
    id: String(row.id),
    subject: withFields(row.subject),
    html: withFields(row.message),
    text: withFields(row.textmessage),
    from: senderOf(row.fromfield ?? ''),
    lists: Array.from(lists, ({ name }) => name),
    startedAt,
    finishedAt: timeOf(row.sent) ?? startedAt,
    status: row.status === 'sent' ? 'done' : 'cancelled',
    counts: { total, sent: total, failed: 0, opened: row.viewed ?? 0, clicked: 0, complained: 0 },
    recipients: () => recipientsOf(stage, row.id, timeOf),
  }
}

function* recipientsOf(
  stage: Stage,
  id: number,
  timeOf: PhplistReading['timeOf'],
): Generator<FormerRecipient> {
  const rows = stage.all<Record<'email' | 'entered' | 'viewed' | 'status', string | null>>(
    `SELECT u.email, m.entered, m.viewed, m.status FROM usermessage m JOIN user_user u ON u.id = m.userid
      WHERE m.messageid = ? ORDER BY m.rowid`,
    id,
  )
  for (const { email, entered, viewed, status } of rows) {
    const at = timeOf(entered)
    yield {
      email: email ?? '',
      at,
      status: statuses[status ?? 'sent'] ?? 'failed',
      reports: timeOf(viewed) === undefined ? [] : ['opened'],
    }
  }
}

const statuses: Record<string, FormerRecipient['status']> = {
  sent: 'sent',
  todo: 'cancelled',
  active: 'cancelled',
  'not sent': 'failed',
}

/** `News of the week news@example.org`, in any order and with brackets or without. */
function senderOf(text: string): FormerSend['from'] {
  const words = text.split(/[\s<>"]+/).filter(Boolean)
  const address = words.map((word) => parseEmailAddress(word)).find((found) => found !== undefined)
  if (!address) return undefined
  const name = words.filter((word) => parseEmailAddress(word) === undefined).join(' ')
  return { name, address: address.written }
}

/** phpList's placeholders as those of SPIP, which the history reads. */
function withFields(text: string | null): string {
  return (text ?? '').replace(
    /\[(NAME|EMAIL|UNSUBSCRIBEURL|PREFERENCESURL)\]/gi,
    (_, name: string) => `@${fields[name.toUpperCase()] ?? ''}@`,
  )
}

const fields: Record<string, string> = {
  NAME: 'nom',
  EMAIL: 'email',
  UNSUBSCRIBEURL: 'url_unsubscribe',
  PREFERENCESURL: 'url_preferences',
}
