import type { Logger } from 'pino'
import config from 'virtual:mailshot/config'
import { type Mailshot, openMailshot, type OpenOptions, requireSecret } from './mailshot.ts'
import { type Sender, startSender } from './sender.ts'

interface Site {
  mailshot: Promise<Mailshot>
  sender?: Sender
}

declare global {
  // Modules are loaded anew when a file changes in development; the open database and its sender stay.
  var astroMailshot: Site | undefined
}

/** How long a reader, or a mail service that unsubscribes one, is kept waiting while another process writes. */
const patienceMs = 5_000

/** The site's Mailshot, opened at the first call: what every route hands to its operation. */
export async function siteMailshot(): Promise<Mailshot> {
  const mailshot = await openOnce(import.meta.env.DEV ? development() : {})
  return { ...mailshot, db: mailshot.db.within(patienceMs) }
}

function openOnce(options: OpenOptions): Promise<Mailshot> {
  globalThis.astroMailshot ??= { mailshot: open(options) }
  return globalThis.astroMailshot.mailshot
}

/**
 * Opens the database as a server in production does.
 *
 * @throws MailshotError when the secret or the database is missing: a site whose links cannot work must not start
 */
export async function openSite(options: Pick<OpenOptions, 'wiped'>): Promise<Logger> {
  requireSecret(config)
  return (await openOnce(options)).log
}

/** Starts the sender in this process, unless MAILSHOT_SENDER is `off`, or the database may not send. */
export async function startSiteSender(): Promise<void> {
  const mailshot = await openOnce(development())
  const site = globalThis.astroMailshot
  if (!site || site.sender) return
  if (mailshot.held !== undefined) {
    mailshot.log.warn({ held: mailshot.held }, 'nothing is sent from this database')
  } else if (process.env['MAILSHOT_SENDER'] === 'off') {
    mailshot.log.info('MAILSHOT_SENDER=off: mails leave by workers of their own (mailshot deliver)')
  } else {
    site.sender = startSender(mailshot)
    mailshot.log.info('the sender is running')
  }
}

/** Ends the sender of this process: what is in hand is finished, the rest given back. */
export async function stopSender(): Promise<void> {
  await globalThis.astroMailshot?.sender?.stop()
}

/** Closes the database, once nothing needs it any more. */
export async function closeSite(): Promise<void> {
  const site = globalThis.astroMailshot
  globalThis.astroMailshot = undefined
  await site?.mailshot.then((mailshot) => mailshot.close())
}

/** How the sender of this process does; `off` when another process is to send. */
export function senderState(): ReturnType<Sender['state']> | 'off' {
  return globalThis.astroMailshot?.sender?.state() ?? 'off'
}

async function open(options: OpenOptions): Promise<Mailshot> {
  try {
    return await openMailshot(config, { ...options, unlisted: UNLISTED_CAMPAIGNS })
  } catch (error) {
    // The next request tries again: the cause may have been mended.
    globalThis.astroMailshot = undefined
    throw error
  }
}

/** In `astro dev` a database is made at need, and nobody is mailed by somebody who only looks at pages. */
function development(): OpenOptions {
  const isAsked = process.env['MAILSHOT_SENDER'] === 'on'
  const hold = 'astro dev sends nothing; start it with MAILSHOT_SENDER=on to try the sender'
  return { create: true, ...(!isAsked && { hold }) }
}
