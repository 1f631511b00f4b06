import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import {
  sparkpost,
  type SparkpostOptions,
} from '../../../integrations/mailshot/transports/sparkpost.ts'
import { freePort } from '../../free-port.ts'
import { startSparkpostServer } from '../sparkpost-server.ts'
import { refuse } from '../sparkpost-transmission.ts'

const key = 'correct-horse-battery'
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: SparkpostOptions = {}) {
  const server = await startSparkpostServer({ key })
  const transport = sparkpost({ apiKey: key, endpoint: server.url, ...options })
  closing.push(server, transport)
  const { webhooks } = transport
  if (!webhooks) throw new Error('sparkpost() has webhooks')
  return { server, transport, webhooks }
}

/** The site, as SparkPost tries it. */
async function openSite(status = 200): Promise<string> {
  const site = createServer((_request, response) => response.writeHead(status).end())
  site.listen(await freePort(), '127.0.0.1')
  await once(site, 'listening')
  closing.push({
    close: async () => {
      site.close()
      await once(site, 'close')
    },
  })
  const address = site.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/webhooks/sparkpost`
}

describe('webhooks of sparkpost()', () => {
  it('is installed once, with all that is worth knowing', async () => {
    const { server, webhooks } = await open()
    const url = `${await openSite()}/secret`
    await webhooks.install(url)
    await webhooks.install(url)
    expect(server.webhooks).toMatchObject([
      { name: 'Mailshot', target: url, active: true, auth_type: 'none' },
    ])
    expect(server.webhooks[0]?.['events']).toEqual(
      expect.arrayContaining(['delivery', 'bounce', 'out_of_band', 'spam_complaint', 'click']),
    )
  })

  it('shows its password, where there is one', async () => {
    const webhookAuth = { user: 'sparkpost', password: 'a-password-of-enough' }
    const { server, webhooks } = await open({ webhookAuth })
    await webhooks.install(await openSite())
    expect(server.webhooks[0]).toMatchObject({
      auth_type: 'basic',
      auth_credentials: { username: 'sparkpost', password: 'a-password-of-enough' },
    })
  })

  it('follows a new secret, and touches nobody else’s', async () => {
    const { server, webhooks } = await open()
    const site = await openSite()
    const others = [
      { id: 'x', name: 'Mailshot', target: 'https://other.example.org/webhooks/sparkpost/s' },
      { id: 'y', name: 'Shop', target: `${site}/old` },
    ]
    server.webhooks.push(...others)
    await webhooks.install(`${site}/old`)
    await webhooks.install(`${site}/new`)
    expect(server.webhooks.map(({ target }) => target)).toEqual([
      ...others.map(({ target }) => target),
      `${site}/new`,
    ])
    expect((await webhooks.list()).map(({ isOurs }) => isOurs)).toEqual([true, false, true])
    await expect(webhooks.remove(`${site}/old`)).rejects.toThrow(/no webhook named Mailshot/)
    await webhooks.remove(`${site}/new`)
    expect(server.webhooks).toEqual(others)
  })

  it('says what SparkPost does not like', async () => {
    const { webhooks } = await open()
    await expect(webhooks.install(`${await openSite(500)}/secret`)).rejects.toThrow(
      'sparkpost: POST to webhook target failed: status 500; correct what it names',
    )
  })
})

describe('registerSender of sparkpost()', () => {
  it('registers the domain and answers its DNS record', async () => {
    const { transport } = await open()
    const lines = await transport.registerSender?.('news@Example.org')
    expect(lines).toEqual([
      expect.stringContaining('DNS of example.org'),
      'scph0316._domainkey.example.org  TXT  "v=DKIM1; k=rsa; h=sha256; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB"',
    ])
  })

  it('has nothing left to say once SparkPost has found the record', async () => {
    const { server, transport } = await open()
    await transport.registerSender?.('news@example.org')
    expect(await transport.registerSender?.('news@example.org')).toHaveLength(2)
    const status = { ownership_verified: true, dkim_status: 'valid', compliance_status: 'valid' }
    server.answerNext('/api/v1/sending-domains/example.org/verify', {
      status: 200,
      body: { results: status },
    })
    expect(await transport.registerSender?.('news@example.org')).toEqual([])
  })

  it('names the grant that the key lacks', async () => {
    const { server, transport } = await open()
    server.answerNext('/api/v1/sending-domains/example.org', refuse(403, 'Forbidden.'))
    await expect(transport.registerSender?.('news@example.org')).rejects.toThrow(
      'sparkpost: Forbidden.; give the API key the grant “Sending Domains: Read/Write”',
    )
  })
})

describe('verify of sparkpost()', () => {
  it('mails nothing', async () => {
    const { server, transport } = await open()
    await transport.verify?.()
    expect(server.transmissions).toEqual([])
  })

  it('looks at the sender’s domain, where the key may', async () => {
    const { server, transport } = await open()
    const path = '/api/v1/sending-domains/example.org'
    await expect(transport.verify?.('news@example.org')).rejects.toThrow(/sender register/)
    await transport.registerSender?.('news@example.org')
    await expect(transport.verify?.('news@example.org')).rejects.toThrow(
      /is not verified .* sender register/,
    )
    server.answerNext(path, refuse(403, 'Forbidden.'))
    await expect(transport.verify?.('news@example.org')).resolves.toBeUndefined()
  })

  it('says which key is wrong, and where', async () => {
    const { server } = await open()
    const transport = sparkpost({ apiKey: 'of-another-region', endpoint: server.url })
    closing.push(transport)
    await expect(transport.verify?.()).rejects.toThrow(
      'sparkpost: Unauthorized.; check the API key, and region: a key of the EU is not known in the US',
    )
  })

  it('says that nothing is there', async () => {
    const { transport } = await open({ endpoint: `http://127.0.0.1:${await freePort()}` })
    await expect(transport.verify?.()).rejects.toThrow(/cannot be reached .*ECONNREFUSED/)
  })
})
