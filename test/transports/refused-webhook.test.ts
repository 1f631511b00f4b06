import { afterEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { mandrill } from '../../integrations/mailshot/transports/mandrill.ts'
import { sparkpost } from '../../integrations/mailshot/transports/sparkpost.ts'
import { type ProviderRequest, startProviderServer } from './provider-server.ts'

const secret = 'c2VjcmV0LXNlY3JldA9_-x'
const password = 'p@ss:word/16-letters'
const webhookAuth = { user: 'hook', password }
const url = (name: string) => `https://example.org/mailshot/webhooks/${name}/${secret}`
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

/** Refuses what is to be changed, and quotes all that it was asked and has: with slashes and without. */
async function startQuoter(list: unknown): Promise<string> {
  const server = await startProviderServer((request: ProviderRequest) => {
    const isList = request.path.endsWith('/webhooks/list.json') || request.method === 'GET'
    if (isList) return { status: 200, body: list }
    const had = JSON.stringify(list)
    const text = `no: ${request.text} ${encodeURIComponent(request.text)} ${had} ${password}`
    const words = { name: 'ValidationError', message: text, ErrorMessage: text }
    return { status: 400, body: { ...words, errors: [{ message: text }] } }
  })
  closing.push(server)
  return server.url
}

/** What is said when the address can be neither registered nor, where it was, removed. */
async function refusals({ name, webhooks }: Transport): Promise<string> {
  const said = [webhooks?.install(url(name)), webhooks?.remove(url(name))].map(async (asked) => {
    await expect(asked).rejects.toThrow('no: ')
    return await asked?.then(String, String)
  })
  return (await Promise.all(said)).join()
}

function expectNoSecret(text: string) {
  expect(text).not.toContain(secret)
  expect(text).not.toContain(password)
  expect(text).not.toContain(encodeURIComponent(password))
  expect(text).not.toContain(encodeURIComponent(encodeURIComponent(password)))
}

describe('a refused webhook', () => {
  it('shows neither its secret nor its password where Mailjet quotes them', async () => {
    const hook = { ID: 1, EventType: 'sent', Url: url('mailjet') }
    const endpoint = await startQuoter({ Data: [hook] })
    const keys = { apiKey: '0123456789abcdef', secretKey: 'fedcba9876543210' }
    const transport = mailjet({ ...keys, endpoint, webhookAuth })
    closing.push(transport)
    expectNoSecret(await refusals(transport))
  })

  it('shows neither its secret nor its password where SparkPost quotes them', async () => {
    const hook = { id: 'w1', name: 'Mailshot', target: url('sparkpost') }
    const endpoint = await startQuoter({ results: [hook] })
    const transport = sparkpost({ apiKey: 'correct-horse', endpoint, webhookAuth })
    closing.push(transport)
    expectNoSecret(await refusals(transport))
  })

  it('does not show its secret where Mandrill quotes it, also in the list', async () => {
    const last_error = `POST ${url('mandrill')} failed`
    const hook = { id: 1, description: 'Mailshot', url: url('mandrill'), last_error }
    const transport = mandrill({ apiKey: 'md-correct', endpoint: await startQuoter([hook]) })
    closing.push(transport)
    expectNoSecret((await refusals(transport)).replaceAll(password, ''))
    expect((await transport.webhooks?.list())?.[0]?.detail).toContain(
      'webhooks/mandrill/*** failed',
    )
  })
})
