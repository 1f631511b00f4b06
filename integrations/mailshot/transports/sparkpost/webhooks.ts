import { MailshotError } from '../../error.ts'
import type { RegisteredWebhook } from '../../transport.ts'
import { fieldsOf, type SparkpostAnswer, type SparkpostClient } from './client.ts'
import type { CheckedSparkpostOptions } from './options.ts'
import { explain } from './verify.ts'

// By its name a webhook is known as ours; SparkPost shows it to the operator.
const ourName = 'Mailshot'

const wanted = [
  'delivery',
  'delay',
  'bounce',
  'out_of_band',
  'policy_rejection',
  'generation_failure',
  'generation_rejection',
  'spam_complaint',
  'list_unsubscribe',
  'link_unsubscribe',
  'initial_open',
  'open',
  'click',
]

interface Webhook extends RegisteredWebhook {
  id: string
}

/**
 * Has SparkPost post its events to an address. One of ours at the same place is changed: the last part is a secret, which may
 * have been another one.
 *
 * @throws MailshotError when SparkPost refuses, for instance since the address did not answer its trial with 200
 */
export async function installWebhook(
  client: SparkpostClient,
  url: string,
  { webhookAuth }: CheckedSparkpostOptions,
): Promise<void> {
  const { user, password } = webhookAuth ?? {}
  const body = {
    name: ourName,
    target: url,
    events: wanted,
    active: true,
    ...(user !== undefined && password
      ? { auth_type: 'basic', auth_credentials: { username: user, password } }
      : { auth_type: 'none' }),
  }
  const [same, ...stale] = (await readWebhooks(client)).filter(
    (one) => one.isOurs && placeOf(one.url) === placeOf(url),
  )
  const answer = same
    ? await client.call({ method: 'put', path: `webhooks/${same.id}`, body })
    : await client.call({ method: 'post', path: 'webhooks', body })
  check(client, answer)
  for (const { id } of stale) await deleteWebhook(client, id)
}

/** @throws MailshotError when SparkPost refuses */
export async function listWebhooks(client: SparkpostClient): Promise<RegisteredWebhook[]> {
  return (await readWebhooks(client)).map(({ url, isOurs, detail }) => ({ url, isOurs, detail }))
}

/** @throws MailshotError when there is none of ours at this address */
export async function removeWebhook(client: SparkpostClient, url: string): Promise<void> {
  const ours = (await readWebhooks(client)).filter((one) => one.isOurs && one.url === url)
  if (ours.length === 0) {
    throw new MailshotError(
      `sparkpost: no webhook named ${ourName} posts to this address; mailshot webhooks list shows what there is`,
    )
  }
  for (const { id } of ours) await deleteWebhook(client, id)
}

async function readWebhooks(client: SparkpostClient): Promise<Webhook[]> {
  const answer = await client.call({ method: 'get', path: 'webhooks' })
  check(client, answer)
  const { results } = fieldsOf('body' in answer ? answer.body : undefined)
  return (Array.isArray(results) ? results : []).map((one: unknown) => {
    const { id, name, target, events, active } = fieldsOf(one)
    const count = Array.isArray(events) ? events.length : 0
    return {
      id: String(id),
      url: String(target),
      isOurs: name === ourName,
      detail: `${String(name)}, ${count} kinds of events${active === false ? ', switched off' : ''}`,
    }
  })
}

async function deleteWebhook(client: SparkpostClient, id: string): Promise<void> {
  check(client, await client.call({ method: 'delete', path: `webhooks/${id}` }))
}

/** An address without its last part, and whatever else is secret in it. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/[^/]*\/?$/, '')
}

function check(client: SparkpostClient, answer: SparkpostAnswer): void {
  if ('fault' in answer || answer.status >= 300) throw explain(client, answer, 'Event Webhooks')
}
