import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import {
  mandrill,
  type MandrillOptions,
} from '../../../integrations/mailshot/transports/mandrill.ts'
import { freePort } from '../../free-port.ts'
import { refuse } from '../mandrill-mail.ts'
import { startMandrillServer } from '../mandrill-server.ts'

const key = 'md-correct-horse-battery'
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: MandrillOptions = {}) {
  const server = await startMandrillServer({ key })
  const transport = mandrill({ apiKey: key, endpoint: server.url, ...options })
  closing.push(server, transport)
  const { webhooks } = transport
  if (!webhooks) throw new Error('mandrill() has webhooks')
  return { server, transport, webhooks }
}

/** The site, as Mandrill tries it. */
async function openSite(statuses: Record<string, number> = { HEAD: 200 }): Promise<string> {
  const site = createServer((request, response) =>
    response.writeHead(statuses[request.method ?? ''] ?? 404).end(),
  )
  const port = await freePort()
  site.listen(port, '127.0.0.1')
  await once(site, 'listening')
  closing.push({
    close: async () => {
      site.close()
      await once(site, 'close')
    },
  })
  return `http://127.0.0.1:${port}/webhooks/mandrill`
}

describe('webhooks of mandrill()', () => {
  it('is installed once, and tells the key that it signs with', async () => {
    const { server, webhooks } = await open()
    const url = `${await openSite()}/secret`
    const lines = ['MANDRILL_WEBHOOK_KEYS=webhook-key-1']
    expect(await webhooks.install(url)).toEqual([expect.any(String), ...lines])
    expect(await webhooks.install(url)).toEqual([expect.any(String), ...lines])
    expect(server.webhooks).toMatchObject([{ url, description: 'Mailshot' }])
    expect(server.webhooks[0]?.events).toEqual(
      expect.arrayContaining(['delivered', 'hard_bounce', 'soft_bounce', 'spam', 'unsub']),
    )
  })

  it('adds the key to those that are set, and is silent about one that is', async () => {
    const url = `${await openSite()}/secret`
    const other = await open({ webhookKeys: ['older-key'] })
    expect(await other.webhooks.install(url)).toContain(
      'MANDRILL_WEBHOOK_KEYS=older-key,webhook-key-1',
    )
    const same = await open({ webhookKeys: ['webhook-key-1'] })
    expect(await same.webhooks.install(url)).toEqual([])
  })

  it('is tried by an empty list where a HEAD is not answered', async () => {
    const { webhooks } = await open()
    await webhooks.install(`${await openSite({ POST: 200 })}/secret`)
    await expect(webhooks.install(`${await openSite({})}/secret`)).rejects.toThrow(
      /^mandrill: ValidationError: The url .* did not answer; correct what it names/,
    )
  })

  it('follows a new secret with the same key, and touches nobody else’s', async () => {
    const { server, webhooks } = await open()
    const site = await openSite()
    await webhooks.install(`${site}/old`)
    const shop = { id: 7, url: `${site}/old`, description: 'Shop', events: ['open'], auth_key: 'x' }
    server.webhooks.push(shop)
    await webhooks.install(`${site}/new`)
    expect(server.webhooks).toMatchObject([{ id: 1, url: `${site}/new` }, shop])
    expect((await webhooks.list()).map(({ isOurs }) => isOurs)).toEqual([true, false])
    await expect(webhooks.remove(`${site}/old`)).rejects.toThrow(/no webhook described as Mailshot/)
    await webhooks.remove(`${site}/new`)
    expect(server.webhooks).toEqual([shop])
  })

  it('does without the kind of event that an older account does not know', async () => {
    const { server, webhooks } = await open()
    const message = 'Validation error: {"events":"delivered is not a valid event"}'
    server.answerNext('/api/1.0/webhooks/add.json', refuse(-2, 'ValidationError', message))
    await webhooks.install(`${await openSite()}/secret`)
    expect(server.webhooks[0]?.events).toContain('send')
    expect(server.webhooks[0]?.events).not.toContain('delivered')
  })
})

describe('registerSender of mandrill()', () => {
  it('registers the domain and answers its DNS records, until they are found', async () => {
    const { server, transport } = await open()
    const lines = [
      'mte1._domainkey.example.org  CNAME  dkim1.mandrillapp.com',
      'mte2._domainkey.example.org  CNAME  dkim2.mandrillapp.com',
      'example.org  TXT  "mandrill_verify.Xq1b2c3"',
    ]
    const first = await transport.registerSender?.('news@Example.org')
    expect(first).toEqual([expect.stringContaining('DNS of example.org'), ...lines])
    const domain = server.domains.get('example.org') ?? {}
    Object.assign(domain, { dkim: { valid: true } })
    expect(await transport.registerSender?.('news@example.org')).toHaveLength(2)
    Object.assign(domain, { verified_at: '2026-11-20 12:00:00' })
    expect(await transport.registerSender?.('news@example.org')).toEqual([])
  })
})

describe('verify of mandrill()', () => {
  it('mails nothing', async () => {
    const { server, transport } = await open()
    await transport.verify?.()
    expect(server.sent).toEqual([])
  })

  it('says when mails of the sender’s domain would be rejected', async () => {
    const { server, transport } = await open()
    await expect(transport.verify?.('news@example.org')).rejects.toThrow(/not known to the account/)
    await transport.registerSender?.('news@example.org')
    await expect(transport.verify?.('news@example.org')).rejects.toThrow(/lacks its DKIM records/)
    Object.assign(server.domains.get('example.org') ?? {}, { valid_signing: true })
    await expect(transport.verify?.('news@example.org')).resolves.toBeUndefined()
  })

  it('says when the site would refuse what Mandrill reports', async () => {
    const { server, transport, webhooks } = await open()
    await webhooks.install(`${await openSite()}/secret`)
    await expect(transport.verify?.()).rejects.toThrow(/set MANDRILL_WEBHOOK_KEYS/)
    const webhookKeys = ['webhook-key-1']
    const set = mandrill({ apiKey: key, endpoint: server.url, webhookKeys })
    closing.push(set)
    await expect(set.verify?.()).resolves.toBeUndefined()
  })

  it('says that the key is wrong', async () => {
    const { transport } = await open({ apiKey: 'another' })
    await expect(transport.verify?.()).rejects.toThrow(
      'mandrill: Invalid_Key: Invalid API key; check the API key, and what it may do',
    )
  })

  it('says that nothing is there, or something else', async () => {
    const { transport } = await open({ endpoint: `http://127.0.0.1:${await freePort()}` })
    await expect(transport.verify?.()).rejects.toThrow(/cannot be reached .*ECONNREFUSED/)
    const other = await open()
    other.server.answerNext('/api/1.0/users/ping2.json', { status: 200, body: '<html>' })
    await expect(other.transport.verify?.()).rejects.toThrow(/is not Mandrill’s API/)
  })
})
