import { parseEmailAddress } from '../../email-address.ts'
import type { FormerRecipient, FormerSend } from '../../import/history.ts'
import type { Stage } from '../tables/stage.ts'
import { repaired } from '../tables/text.ts'
import type { SpipReading } from './mailsubscribers.ts'

/** Of the plugin Mailshot, in all its versions. */
export const mailshotTables = {
  mailshots: [
    'id_mailshot integer',
    'sujet',
    'html',
    'texte',
    'listes',
    'from_name',
    'from_email',
    'total integer',
    'current integer',
    'failed integer',
    'nb_read integer',
    'nb_clic integer',
    'nb_spam integer',
    'date',
    'date_start',
    'statut',
  ],
  mailshots_destinataires: ['id_mailshot integer', 'email', 'date', 'statut'],
} as const

export function prepareMailshots(stage: Stage): void {
  stage.run('CREATE INDEX _recipients ON mailshots_destinataires (id_mailshot)')
}

interface Mailshot {
  id: number
  sujet: string | null
  html: string | null
  texte: string | null
  listes: string | null
  from_name: string | null
  from_email: string | null
  total: number | null
  current: number | null
  failed: number | null
  nb_read: number | null
  nb_clic: number | null
  nb_spam: number | null
  date: string | null
  date_start: string | null
  statut: string | null
}

/** What was sent, oldest first. Planned sends (`init`) and those in the trash are left out; one that still ran is broken off. */
export function* mailshotSends(stage: Stage, reading: SpipReading): Generator<FormerSend> {
  const sent = stage.all<{ key: number }>(
    `SELECT rowid AS key FROM mailshots WHERE ${wasSent} ORDER BY id_mailshot`,
  )
  // One at a time: each holds the whole of a mail.
  for (const key of Array.from(sent, (row) => row.key)) {
    const [row] = stage.all<Mailshot>(
      `SELECT id_mailshot AS id, sujet, html, texte, listes, from_name, from_email, total, current, failed, nb_read, nb_clic,
        nb_spam, date, date_start, statut FROM mailshots WHERE rowid = ?`,
      key,
    )
    if (row) yield sendOf(stage, row, reading)
  }
}

const wasSent = "coalesce(statut, '') NOT IN ('init', 'poubelle')"

/** Of those sends; none are known where other plugins sent. */
export function countRecipients(stage: Stage): number | undefined {
  const [counted] = stage.all<{ n: number }>(`SELECT count(*) AS n FROM mailshots_destinataires
    WHERE id_mailshot IN (SELECT id_mailshot FROM mailshots WHERE ${wasSent})`)
  return stage.has('mailshots') ? counted?.n : undefined
}

function sendOf(stage: Stage, row: Mailshot, { timeOf }: SpipReading): FormerSend {
  const from = parseEmailAddress(row.from_email ?? '')
  const { total, failed, nb_read: read, nb_clic: clicked, nb_spam: complained } = row
  const startedAt = timeOf(row.date_start) ?? timeOf(row.date)
  return {
    id: String(row.id),
    subject: repaired(row.sujet),
    html: repaired(row.html),
    text: repaired(row.texte),
    from: from && { name: repaired(row.from_name), address: from.written },
    lists: listsOf(row.listes),
    startedAt,
    finishedAt: timeOf(row.date) ?? startedAt,
    status: row.statut === 'end' || row.statut === 'archive' ? 'done' : 'cancelled',
    counts: {
      total: total ?? 0,
      sent: Math.max(0, (row.current ?? 0) - (failed ?? 0)),
      failed: failed ?? 0,
      opened: read ?? 0,
      clicked: clicked ?? 0,
      complained: complained ?? 0,
    },
    recipients: () => recipientsOf(stage, row.id, timeOf),
  }
}

/** `newsletter::weekly,product+2`: a segment is part of its list. */
function listsOf(text: string | null): string[] {
  const names = (text ?? '').split(',').map((name) => name.trim().replace(/^newsletter::/, ''))
  return [...new Set(names.map((name) => name.replace(/\+\d+$/, '')).filter(Boolean))]
}

function* recipientsOf(
  stage: Stage,
  id: number,
  timeOf: SpipReading['timeOf'],
): Generator<FormerRecipient> {
  const rows = stage.all<{ email: string | null; date: string | null; statut: string | null }>(
    'SELECT email, date, statut FROM mailshots_destinataires WHERE id_mailshot = ? ORDER BY rowid',
    id,
  )
  for (const { email, date, statut } of rows) {
    const known = statuses[statut ?? ''] ?? { status: 'cancelled' }
    yield { reports: [], ...known, email: email ?? '', at: timeOf(date) }
  }
}

const statuses: Record<string, Pick<FormerRecipient, 'status'> & Partial<FormerRecipient>> = {
  sent: { status: 'sent' },
  fail: { status: 'failed' },
  read: { status: 'sent', reports: ['opened'] },
  clic: { status: 'sent', reports: ['opened', 'clicked'] },
  spam: { status: 'sent', reports: ['complained'] },
  // Nobody mails those who were still to come, or were given up.
  todo: { status: 'cancelled' },
  kill: { status: 'cancelled' },
}
