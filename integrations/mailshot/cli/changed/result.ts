import type { MailshotConfig } from '../../config.ts'
import type { AudienceCount } from '../../send/audience.ts'
import { sendJson, type ShownSend } from '../../send/json.ts'
import { formatTime } from '../format.ts'
import { whom } from '../send/describe.ts'
import { printable, type Terminal } from '../terminal.ts'

/** What has become of a campaign, or would. */
export interface Result {
  slug: string
  action: 'started' | 'existing' | 'scheduled' | 'replaced' | 'cancelled' | 'skipped' | 'failed'
  /** Why. */
  reason?: string
  send?: ShownSend
  /** How many it would go to. */
  people?: AudienceCount
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
  { slug, action, reason, send, people, held, dryRun }: Result & Circumstances,
): void {
  if (terminal.json) {
    terminal.printJson({
      slug,
      action,
      ...(reason !== undefined && { reason }),
      ...(send && { send: sendJson(send) }),
      ...people,
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
  const to = people ? ` to ${whom(people)}` : ''
  terminal.print(`${slug}: ${what}${when}${to}${why}${send ? ` (send ${send.id})` : ''}`)
}
