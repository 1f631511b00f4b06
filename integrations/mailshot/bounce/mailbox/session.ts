import type { ImapFlow } from 'imapflow'
import type { Mailshot } from '../../mailshot.ts'
import type { ImapOptions } from '../options.ts'
import { recordBounce } from '../record.ts'
import { connectMailbox } from './connect.ts'

/** A mailbox that is logged in to. */
export interface OpenMailbox {
  /** The mails that wait, by their UIDs. */
  list(): Promise<number[]>
  /** Stores what one reports, and moves it away. */
  handle(uid: number): Promise<void>
  /** Deletes what was stored and is older than it is to be kept. */
  empty(): Promise<void>
  /** Ends when a mail comes in, after so long, or with the signal. */
  waitForMail(ms: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Marks what was stored: nothing else is ever deleted. */
const storedFlag = 'MailshotStored'
/** Of a mail: far more than is looked at. */
const mostBytes = 512 * 1024

/** Logs in, makes the folders that are missing, and opens the inbox. */
export async function openMailbox(mailshot: Mailshot, options: ImapOptions): Promise<OpenMailbox> {
  const client = await connectMailbox(options)
  try {
    for (const folder of [options.done, options.unknown]) await client.mailboxCreate(folder)
    await client.mailboxOpen(options.inbox)
  } catch (error) {
    client.close()
    throw error
  }
  let hasNews = false
  let wake = () => {}
  for (const event of ['exists', 'close'] as const) {
    client.on(event, () => {
      hasNews = true
      wake()
    })
  }
  return {
    async list() {
      hasNews = false
      return (await client.search({ all: true }, { uid: true })) || []
    },
    handle: (uid) => handle(mailshot, client, { uid, options }),
    empty: () => empty(mailshot, client, options),
    async waitForMail(ms, signal) {
      if (!client.usable) throw new Error('the connection to the bounce mailbox has ended')
      if (hasNews) return
      const over = new AbortController()
      const news = new Promise<void>((resolve) => (wake = resolve))
      // IDLE (RFC 2177); it ends with the next command.
      client.idle().catch(() => wake())
      await Promise.race([news, mailshot.sleep(ms, AbortSignal.any([signal, over.signal]))])
      over.abort()
    },
    close: () => close(client),
  }
}

async function handle(
  mailshot: Mailshot,
  client: ImapFlow,
  { uid, options }: { uid: number; options: ImapOptions },
): Promise<void> {
  const range = String(uid)
  const mail = await client.fetchOne(range, { source: { maxLength: mostBytes } }, { uid: true })
  // Somebody else has moved it meanwhile.
  if (!mail || !mail.source) return
  const { kind, isUnderstood, ...counts } = await recordBounce(mailshot, mail.source, {
    keepsUnknown: true,
  })
  mailshot.log.info({ kind, ...counts }, 'a mail to the bounce address')
  await client.messageFlagsAdd(range, [storedFlag], { uid: true })
  const folder = isUnderstood ? options.done : options.unknown
  const moved = await client.messageMove(range, folder, { uid: true })
  if (!moved) throw new Error(`a mail could not be moved to the folder ${folder}`)
}

const dayMs = 86_400_000

async function empty(mailshot: Mailshot, client: ImapFlow, options: ImapOptions): Promise<void> {
  const { keepDays, done, unknown, inbox } = options
  if (keepDays === false) return
  const before = new Date(mailshot.now() - keepDays * dayMs)
  for (const folder of [done, unknown]) {
    await client.mailboxOpen(folder)
    const old = (await client.search({ keyword: storedFlag, before }, { uid: true })) || []
    if (old.length > 0) await client.messageDelete(old, { uid: true })
  }
  await client.mailboxOpen(inbox)
}

async function close(client: ImapFlow): Promise<void> {
  const timer = setTimeout(() => client.close(), 3_000)
  await client.logout().catch(() => client.close())
  clearTimeout(timer)
}
