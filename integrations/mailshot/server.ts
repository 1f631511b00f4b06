import type { Logger } from 'pino'
import config from 'virtual:mailshot/config'
import letters from 'virtual:mailshot/letters'
import { type Mailshot, openMailshot, type OpenOptions, requireSecret } from './mailshot.ts'
import { startSender } from './sender.ts'
import { closeSite, type SiteState, stopSender } from './site-state.ts'

export { closeSite, senderState, stopSender } from './site-state.ts'

/** How long a reader, or a mail service that unsubscribes one, is kept waiting while another process writes. */
const patienceMs = 5_000

/** The site's Mailshot, opened at the first call: what every route hands to its operation. */
export async function siteMailshot(): Promise<Mailshot> {
  const mailshot = await openOnce(import.meta.env.DEV ? development() : {})
  return { ...mailshot, db: mailshot.db.within(patienceMs) }
}

/** In development the settings may have changed since; then everything begins anew with the new ones. */
function openOnce(options: OpenOptions): Promise<Mailshot> {
  const known = globalThis.astroMailshot
  if (known?.config === config) return known.mailshot
  const site: SiteState = { config, mailshot: open(options) }
  globalThis.astroMailshot = site
  if (known) void replace(known).catch(() => undefined)
  return site.mailshot
}

async function replace(known: SiteState): Promise<void> {
  await stopSender(known)
  if (known.sender) await startSiteSender()
  await closeSite(known)
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

/**
 * Starts the sender in this process, unless MAILSHOT_SENDER is `off`, and what reads the bounces; neither where the database may not
 * send.
 */
export async function startSiteSender(): Promise<void> {
  const mailshot = await openOnce(development())
  const site = globalThis.astroMailshot
  if (!site || site.sender || site.mailbox) return
  if (mailshot.held !== undefined) {
    mailshot.log.warn({ held: mailshot.held }, 'nothing is sent from this database')
    return
  }
  if (process.env['MAILSHOT_SENDER'] === 'off') {
    mailshot.log.info('MAILSHOT_SENDER=off: mails leave by workers of their own (mailshot deliver)')
  } else {
    site.sender = startSender(mailshot)
    mailshot.log.info('the sender is running')
  }
  await startReading(site, mailshot)
}

/** A copy of a database, which may not send, must not take the mails of the real one either. */
async function startReading(site: SiteState, mailshot: Mailshot): Promise<void> {
  const imap = mailshot.config.bounces?.imap
  if (!imap) return
  const { startMailbox } = await import('./bounce/mailbox.ts')
  site.mailbox = startMailbox(mailshot, imap)
  mailshot.log.info('the mailbox that bounces come to is read')
}

async function open(options: OpenOptions): Promise<Mailshot> {
  try {
    return await openMailshot(config, { ...options, unlisted: UNLISTED_CAMPAIGNS, letters })
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
