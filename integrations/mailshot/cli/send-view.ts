import type { MailshotConfig } from '../config.ts'
import { sendJson, type ShownSend } from '../send/json.ts'
import { formatTime } from './format.ts'
import type { View } from './table.ts'

/** How sends are shown: the same columns and the same JSON wherever one appears. */
export function sendView({ timeZone }: MailshotConfig): View<ShownSend> {
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
      stateOf(send),
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

function stateOf({ status, reason, purgedAt, trashedAt }: ShownSend): string {
  const kept = [
    ...(purgedAt === null ? [] : ['archived']),
    ...(trashedAt === null ? [] : ['in the trash']),
  ]
  return [reason ? `${status} (${reason})` : status, ...kept].join(', ')
}

/** Recipients with a final state. */
export function settled(send: ShownSend): number {
  return send.total - send.remaining
}
