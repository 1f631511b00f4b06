import { MailshotError } from '../../error.ts'
import type { Transport } from '../../transport.ts'
import type { MailjetClient } from './client.ts'
import { type Fields, textOf } from './fields.ts'
import type { MailjetOptions } from './options.ts'
import { allRows, rowsOf } from './rest.ts'

/** https://dev.mailjet.com/email/reference/webhook/: one address, and one backup, for each kind. */
const kinds = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub'] as const
const resource = 'eventcallbackurl'

type Webhooks = NonNullable<Transport['webhooks']>

/** Where Mailjet reports to. What is not of the same site and path is left alone. */
export function mailjetWebhooks(
  open: () => Promise<MailjetClient>,
  auth: MailjetOptions['webhookAuth'],
): Webhooks {
  return {
    async install(url) {
      const client = await open()
      const rows = (await readHooks(client)).filter((row) => !isBackup(row))
      const taken: string[] = []
      for (const kind of kinds) {
        const there = rows.find(({ EventType }) => EventType === kind)
        if (there === undefined) await add(client, kind, withAuth(url, auth))
        else if (isOfSameSite(there, url)) await renew(client, there, withAuth(url, auth))
        else taken.push(`${kind} (${hostOf(there)})`)
      }
      if (taken.length > 0) throw takenByOthers(taken)
    },
    async list() {
      const rows = await readHooks(await open())
      return rows.map((row) => ({
        url: bare(row),
        isOurs: /\/webhooks\/[\w-]+\/[\w-]{16,}\/?$/.test(bare(row)),
        detail: detailOf(row),
      }))
    },
    async remove(url) {
      const client = await open()
      for (const row of await readHooks(client)) {
        if (bare(row) !== url) continue
        await rowsOf(client, { method: 'delete', resource, id: textOf(row['ID']) })
      }
    },
  }
}

async function readHooks(client: MailjetClient): Promise<Fields[]> {
  return await rowsOf(client, { method: 'get', resource, params: allRows })
}

/** Version 2 groups the events of a second. */
async function add(client: MailjetClient, EventType: string, Url: string): Promise<void> {
  const body = { EventType, Url, Version: 2, IsBackup: false, Status: 'alive' }
  await rowsOf(client, { method: 'post', resource, body })
}

/** Also where nothing seems to differ: Mailjet gives up on an address that failed for a day, and a new one revives it. */
async function renew(client: MailjetClient, row: Fields, Url: string): Promise<void> {
  const body = { Url, Version: 2, Status: 'alive' }
  await rowsOf(client, { method: 'put', resource, id: textOf(row['ID']), body })
}

function takenByOthers(taken: string[]): MailshotError {
  return new MailshotError(
    `Mailjet reports these kinds to another address, which was left alone: ${taken.join(', ')}. It has one address a kind ` +
      'and API key: give mailshot a subaccount with a key of its own, or remove the other one at Mailjet and run this again',
  )
}

function detailOf({ EventType, Status, Version }: Fields): string {
  const state = Status === 'dead' ? 'given up by Mailjet; install it again' : textOf(Status)
  return `${textOf(EventType)}: ${state}${textOf(Version) === '2' ? '' : ', one event a request'}`
}

/** The last part of the path is a secret, which may have been another one. */
function isOfSameSite(row: Fields, url: string): boolean {
  const folder = (text: string) => text.replace(/[^/]+\/?$/, '')
  return folder(bare(row)) === folder(url)
}

/** Others may have secrets anywhere in their address. */
function hostOf(row: Fields): string {
  return URL.canParse(bare(row)) ? `${new URL(bare(row)).origin}/…` : '…'
}

/** Without a name and password, which are nobody's business. */
function bare({ Url }: Fields): string {
  return textOf(Url).replace(/^(https?:\/\/)[^/@]*@/i, '$1')
}

function withAuth(url: string, auth: MailjetOptions['webhookAuth']): string {
  if (!auth?.password) return url
  const address = new URL(url)
  address.username = auth.user
  address.password = encodeURIComponent(auth.password)
  return address.href
}

function isBackup({ IsBackup }: Fields): boolean {
  return textOf(IsBackup) === 'true'
}
