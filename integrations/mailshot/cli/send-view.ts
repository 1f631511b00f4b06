import type { MailshotConfig } from '../config.ts'
import type { Send } from '../send.ts'
import { formatTime, isoTime } from './format.ts'
import type { View } from './table.ts'

/** How sends are shown: the same columns and the same JSON wherever one appears. */
export function sendView({ timeZone }: MailshotConfig): View<Send> {
  return {
    heading: [
      'send',
      'campaign',
      'status',
      'planned',
      'total',
      'sent',
      'remaining',
      'failed',
      'skipped',
      'uncertain',
    ],
    cells: (send) => [
      send.id,
      send.slug,
      send.reason ? `${send.status} (${send.reason})` : send.status,
      formatTime(send.scheduledAt, timeZone),
      send.total,
      send.sent,
      send.remaining,
      send.failed,
      send.skipped + send.cancelled,
      send.uncertain,
    ],
    json: sendJson,
    empty: 'Nothing has been sent yet.',
  }
}

/** Recipients with a final state. */
export function settled(send: Send): number {
  return send.total - send.remaining
}

function sendJson(send: Send) {
  return {
    id: send.id,
    slug: send.slug,
    contentHash: send.contentHash,
    commit: send.gitCommit,
    lists: send.lists,
    audience: send.audience,
    onlyTo: send.onlyTo,
    status: send.status,
    reason: send.reason,
    createdAt: isoTime(send.createdAt),
    scheduledAt: isoTime(send.scheduledAt),
    startedAt: isoTime(send.startedAt),
    frozenAt: isoTime(send.frozenAt),
    finishedAt: isoTime(send.finishedAt),
    total: send.total,
    remaining: send.remaining,
    sent: send.sent,
    failed: send.failed,
    skipped: send.skipped,
    cancelled: send.cancelled,
    uncertain: send.uncertain,
  }
}
