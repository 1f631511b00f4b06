import { MailshotError } from '../../error.ts'
import type { RegisteredWebhook } from '../../transport.ts'
import { fieldsOf, type MandrillClient } from './client.ts'
import { type CheckedMandrillOptions, webhookKeysOf } from './options.ts'
import { bodyOf } from './verify.ts'

// By its description a webhook is known as ours; Mandrill shows it to the operator.
const ourName = 'Mailshot'

const wanted = [
  'send',
  'delivered',
  'deferral',
  'hard_bounce',
  'soft_bounce',
  'open',
  'click',
  'spam',
  'unsub',
  'reject',
]

interface Webhook extends RegisteredWebhook {
  id: number
}

/**
 * Has Mandrill post its events to an address. One of ours at the same place is changed, and keeps its key.
 *
 * @returns what to do with the key that Mandrill signs with, unless it is set already
 * @throws MailshotError when Mandrill refuses, for instance since the address did not answer its trial
 */
export async function installWebhook(
  client: MandrillClient,
  url: string,
  options: CheckedMandrillOptions,
): Promise<string[]> {
  const [same, ...stale] = (await readWebhooks(client)).filter(
    (one) => one.isOurs && placeOf(one.url) === placeOf(url),
  )
  const { auth_key: key } = fieldsOf(await saveWebhook(client, url, same?.id))
  for (const { id } of stale) bodyOf(client, await client.call('webhooks/delete', { id }))
  const known = webhookKeysOf(options)
  if (typeof key !== 'string' || known.includes(key)) return []
  return [
    'Mandrill signs what it posts there with this key; what is signed otherwise is refused. Set in the environment of the site:',
    `MANDRILL_WEBHOOK_KEYS=${[...known, key].join(',')}`,
  ]
}

/** Accounts that do not know `delivered` are told when a mail was sent. */
async function saveWebhook(
  client: MandrillClient,
  url: string,
  id: number | undefined,
): Promise<unknown> {
  const path = id === undefined ? 'webhooks/add' : 'webhooks/update'
  const asked = { ...(id !== undefined && { id }), url, description: ourName }
  const answer = await client.call(path, { ...asked, events: wanted })
  const isUnknown = 'body' in answer && fieldsOf(answer.body)['name'] === 'ValidationError'
  if (!isUnknown || !/deliver/i.test(String(fieldsOf(answer.body)['message']))) {
    return bodyOf(client, answer)
  }
  const events = wanted.filter((word) => word !== 'delivered')
  return bodyOf(client, await client.call(path, { ...asked, events }))
}

/** @throws MailshotError when Mandrill refuses */
export async function listWebhooks(client: MandrillClient): Promise<RegisteredWebhook[]> {
  return (await readWebhooks(client)).map(({ url, isOurs, detail }) => ({ url, isOurs, detail }))
}

/**
 * Sees that reports which Mandrill was asked for are not all refused.
 *
 * @throws MailshotError when no key is set; a key that may not list webhooks is believed
 */
export async function verifyWebhookKeys(
  client: MandrillClient,
  options: CheckedMandrillOptions,
): Promise<void> {
  if (webhookKeysOf(options).length > 0) return
  const answer = await client.call('webhooks/list')
  const hooks = 'body' in answer && Array.isArray(answer.body) ? answer.body.map(fieldsOf) : []
  if (!hooks.some(({ description }) => description === ourName)) return
  throw new MailshotError(
    'mandrill: it reports to a site, which refuses that without the key of its signatures; ' +
      'set MANDRILL_WEBHOOK_KEYS to what mailshot webhooks install prints',
  )
}

/** @throws MailshotError when there is none of ours at this address */
export async function removeWebhook(client: MandrillClient, url: string): Promise<void> {
  const ours = (await readWebhooks(client)).filter((one) => one.isOurs && one.url === url)
  if (ours.length === 0) {
    throw new MailshotError(
      `mandrill: no webhook described as ${ourName} posts to this address; mailshot webhooks list shows what there is`,
    )
  }
  for (const { id } of ours) bodyOf(client, await client.call('webhooks/delete', { id }))
}

async function readWebhooks(client: MandrillClient): Promise<Webhook[]> {
  const body = bodyOf(client, await client.call('webhooks/list'))
  return (Array.isArray(body) ? body : []).map((one: unknown) => {
    const { id, url, description, events, last_error: fault } = fieldsOf(one)
    const count = Array.isArray(events) ? events.length : 0
    const trouble = typeof fault === 'string' && fault !== '' ? `, last error: ${fault}` : ''
    return {
      id: Number(id),
      url: String(url),
      isOurs: description === ourName,
      detail: `${String(description)}, ${count} kinds of events${client.clean(trouble)}`,
    }
  })
}

/** An address without its last part, and whatever else is secret in it. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/[^/]*\/?$/, '')
}
