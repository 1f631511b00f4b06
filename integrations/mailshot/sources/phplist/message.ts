import { parseEmailAddress } from '../../email-address.ts'
import type { FormerRecipient, FormerSend } from '../../import/history.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'
import { wordOf } from './attribute.ts'
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
  const sent = stage.all<{ key: number }>(
    `SELECT rowid AS key FROM message WHERE ${wasSent} ORDER BY id`,
  )
  for (const key of Array.from(sent, (row) => row.key)) {
    const [row] = stage.all<Message>(
      `SELECT id, subject, fromfield, message, textmessage, status, sendstart, sent, entered, processed, viewed
        FROM message WHERE rowid = ?`,
      key,
    )
    if (row) yield sendOf(stage, row, reading)
  }
}

const wasSent = "coalesce(status, '') IN ('sent', 'inprocess', 'suspended', 'cancelled')"

/** Of those messages. */
export function countRecipients(stage: Stage): number {
  const [counted] = stage.all<{ n: number }>(`SELECT count(*) AS n FROM usermessage m
    JOIN user_user u ON u.id = m.userid WHERE m.messageid IN (SELECT id FROM message WHERE ${wasSent})`)
  return counted?.n ?? 0
}

function sendOf(stage: Stage, row: Message, { timeOf }: PhplistReading): FormerSend {
  const lists = stage.all<{ name: string }>(
    'SELECT DISTINCT l.name FROM listmessage m JOIN list l ON l.id = m.listid WHERE m.messageid = ? ORDER BY l.id',
    row.id,
  )
  const withFields = fieldReader(stage)
  const startedAt = timeOf(row.sendstart) ?? timeOf(row.entered)
  const total = row.processed ?? 0
  return {
    id: String(row.id),
    subject: withFields(row.subject),
    html: withFields(row.message),
    text: withFields(row.textmessage),
    from: senderOf(repaired(row.fromfield)),
    lists: Array.from(lists, ({ name }) => repaired(name)),
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

/**
 * phpList's placeholders as those of SPIP, which the history reads: its own, and the attributes of people, also with a text for those
 * who have none (`[CITY%%nowhere]`). What phpList alone can fill in vanishes; other words in brackets stay.
 */
function fieldReader(stage: Stage): (text: string | null) => string {
  const stored = stage.all<{ name: string | null }>('SELECT name FROM user_attribute')
  const attributes = new Set(Array.from(stored, ({ name }) => wordOf(name ?? '')))
  return (text) =>
    repaired(text).replace(/\[([^\][]{1,80}?)(?:%%[^\][]*)?\]/g, (whole, placeholder: string) => {
      const name = wordOf(placeholder)
      const field = fields[name] ?? (attributes.has(name) ? name : undefined)
      if (field !== undefined) return `@${field}@`
      return vanishing.has(name) ? '' : whole
    })
}

const fields: Record<string, string> = {
  name: 'nom',
  full_name: 'nom',
  first_name: 'nom',
  firstname: 'nom',
  prenom: 'nom',
  email: 'email',
  unsubscribeurl: 'url_unsubscribe',
  unsubscribe: 'url_unsubscribe',
  preferencesurl: 'url_preferences',
  preferences: 'url_preferences',
}

const vanishing = new Set(
  `usertrack userid listowner messageid footer signature lists forward forwardurl confirmationurl blacklist blacklisturl
  subscribe subscribeurl contact contacturl jumpoff jumpoffurl userdata`.split(/\s+/),
)
