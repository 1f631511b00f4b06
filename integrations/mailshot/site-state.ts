import type { MailboxReader } from './bounce/mailbox.ts'
import type { MailshotConfig } from './config.ts'
import type { Mailshot } from './mailshot.ts'
import type { Sender } from './sender.ts'
import { flushHits } from './tracking/hits.ts'

/** What the site's process has open. */
export interface SiteState {
  /** The settings it was opened with. */
  config: MailshotConfig
  mailshot: Promise<Mailshot>
  sender?: Sender
  /** Reads what comes back. */
  mailbox?: MailboxReader
}

declare global {
  // In development modules are loaded anew when a file changes, while the open database and its sender stay.
  var astroMailshot: SiteState | undefined
}

/** Ends the sender of this process, and what reads its bounces: what is in hand is finished, the rest given back. */
export async function stopSender(site = globalThis.astroMailshot): Promise<void> {
  await Promise.all([site?.sender?.stop(), site?.mailbox?.stop()])
}

const lastHitsMs = 1_000

/** Writes the last opens and clicks, and closes the database, once nothing needs it any more. */
export async function closeSite(site = globalThis.astroMailshot): Promise<void> {
  if (site === globalThis.astroMailshot) globalThis.astroMailshot = undefined
  await site?.mailshot.then(async (mailshot) => {
    const { db } = mailshot
    // What cannot be written by then is lost: opens and clicks are no reason to be killed.
    await flushHits({ ...mailshot, db: db.within(lastHitsMs) })
    await mailshot.close()
  })
}

/** How the sender of this process does; `off` when another process is to send. */
export function senderState(): ReturnType<Sender['state']> | 'off' {
  return globalThis.astroMailshot?.sender?.state() ?? 'off'
}
