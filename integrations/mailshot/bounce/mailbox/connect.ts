import type { ImapFlow } from 'imapflow'
import { MailshotError } from '../../error.ts'
import type { ImapOptions } from '../options.ts'

const patience = { connectionTimeout: 30_000, greetingTimeout: 30_000, socketTimeout: 180_000 }

/**
 * Logs in to the mailbox that bounces come to.
 *
 * @throws MailshotError when the password is missing, or the server refuses it
 */
export async function connectMailbox(options: ImapOptions): Promise<ImapFlow> {
  const { ImapFlow } = await import('imapflow')
  const { host, port, tls, ca, user } = options
  const settings = {
    ...patience,
    host,
    port: port ?? (tls === 'implicit' ? 993 : 143),
    secure: tls === 'implicit',
    // `false`: never; where it is `true`, a server without it is refused.
    ...(tls !== 'implicit' && { doSTARTTLS: tls === 'starttls' }),
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2' as const,
      ...(ca !== undefined && { ca }),
    },
    auth: await credentials(options),
    logger: false as const,
  }
  const client = new ImapFlow(settings)
  // What is wrong is told by the command under way; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    client.close()
    const isRefused = cause instanceof Error && 'authenticationFailed' in cause
    if (!isRefused) throw cause
    throw new MailshotError(
      `bounces.imap: ${host} refuses the login of ${user}; check the user, and MAILSHOT_IMAP_PASSWORD or accessToken`,
      { cause },
    )
  }
  return client
}

/**
 * Logs in and out again. Answers how many mails wait.
 *
 * @throws MailshotError when the login is refused, or there is no such folder
 */
export async function verifyMailbox(options: ImapOptions): Promise<number> {
  const client = await connectMailbox(options)
  try {
    const status = await client.status(options.inbox, { messages: true })
    return status === false ? 0 : (status.messages ?? 0)
  } catch (cause) {
    throw new MailshotError(`bounces.imap: there is no folder ${options.inbox}; set inbox`, {
      cause,
    })
  } finally {
    client.close()
  }
}

async function credentials({ user, password, accessToken }: ImapOptions) {
  if (accessToken) return { user, accessToken: await accessToken() }
  const pass = password || process.env['MAILSHOT_IMAP_PASSWORD']
  if (pass) return { user, pass }
  throw new MailshotError(
    'bounces.imap: the password is missing; set MAILSHOT_IMAP_PASSWORD in the environment',
  )
}
