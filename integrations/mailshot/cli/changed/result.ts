import type { MailshotConfig } from '../../config.ts'
import { sendJson, type ShownSend } from '../../send/json.ts'
import { formatTime } from '../format.ts'
import { printable, type Terminal } from '../terminal.ts'

/** What has become of a campaign, or would. */
export interface Result {
  slug: string
  action: 'started' | 'existing' | 'scheduled' | 'replaced' | 'cancelled' | 'skipped' | 'failed'
  /** Why. */
  reason?: string
  send?: ShownSend
}

/** What holds for all results. */
export interface Circumstances {
  dryRun: boolean
  /** Why nothing is sent from there. */
  held: string | undefined
}

/** Tells one result: a line of text, or of JSON. */
export function reportResult(
  { timeZone }: MailshotConfig,
  terminal: Terminal,
  { slug, action, reason, send, held, dryRun }: Result & Circumstances,
): void {
  if (terminal.json) {
    terminal.printJson({
      slug,
      action,
      ...(reason !== undefined && { reason }),
      ...(send && { send: sendJson(send) }),
      ...(dryRun && { dryRun }),
      ...(held !== undefined && { held }),
    })
    return
  }
  const isDone = action !== 'existing' && action !== 'skipped' && action !== 'failed'
  const what = dryRun && isDone ? `would be ${action}` : action
  const why = reason === undefined ? '' : `: ${printable(reason)}`
  const isPlanned = action === 'scheduled' && send
  const when = isPlanned ? ` for ${formatTime(send.scheduledAt, timeZone)}` : ''
  terminal.print(`${slug}: ${what}${when}${why}${send ? ` (send ${send.id})` : ''}`)
}
