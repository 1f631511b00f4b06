import { afterEach, describe, expect, it } from 'vitest'
import { mailjet, type MailjetOptions } from '../../../integrations/mailshot/transports/mailjet.ts'
import { mailjetKeys, startMailjetServer } from '../mailjet-server.ts'

const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: MailjetOptions = {}) {
  const server = await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, ...options })
  closing.push(server, transport)
  const { webhooks } = transport
  if (!webhooks) throw new Error('it has none')
  return { hooks: server.account.hooks, webhooks }
}

const url = 'https://example.org/mailshot/webhooks/mailjet/c2VjcmV0LXNlY3JldA'
const kinds = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']
const foreign = {
  ID: 9,
  EventType: 'open',
  Url: 'https://shop.example/opens',
  Version: 1,
  Status: 'alive',
  IsBackup: false,
}

describe('webhooks of mailjet()', () => {
  it('installs one address for each kind of event, grouped', async () => {
    const { hooks, webhooks } = await open()
    await webhooks.install(url)
    expect(hooks.map(({ EventType }) => EventType)).toEqual(kinds)
    expect(new Set(hooks.map(({ Url, Version, Status }) => `${Url} ${Version} ${Status}`))).toEqual(
      new Set([`${url} 2 alive`]),
    )
  })

  it('changes nothing when it is installed twice, and revives what Mailjet has given up', async () => {
    const { hooks, webhooks } = await open()
    await webhooks.install(url)
    Object.assign(hooks[3] ?? {}, { Status: 'dead' })
    await webhooks.install(url)
    expect(hooks).toHaveLength(7)
    expect(hooks[3]).toMatchObject({ Status: 'alive', Url: url })
  })

  it('puts a new secret into its own addresses', async () => {
    const { hooks, webhooks } = await open()
    await webhooks.install(`${url.slice(0, -18)}b2xkLW9sZC1vbGQtb2xk`)
    await webhooks.install(url)
    expect(new Set(hooks.map(({ Url }) => Url))).toEqual(new Set([url]))
  })

  it('leaves an address of others alone, and says which', async () => {
    const { hooks, webhooks } = await open()
    hooks.push({ ...foreign })
    await expect(webhooks.install(url)).rejects.toThrow(
      'Mailjet reports these kinds to another address, which was left alone: open (https://shop.example/…)',
    )
    expect(hooks[0]).toEqual(foreign)
    expect(hooks.slice(1).map(({ EventType }) => EventType)).toEqual(
      kinds.filter((kind) => kind !== 'open'),
    )
  })

  it('lists all, and tells whose address has the form of ours', async () => {
    const { hooks, webhooks } = await open()
    hooks.push({ ...foreign, Url: 'https://user:pass@shop.example/opens', Status: 'dead' })
    await webhooks.install(url).catch(() => undefined)
    const list = await webhooks.list()
    expect(list.slice(0, 2)).toEqual([
      {
        url: 'https://shop.example/opens',
        isOurs: false,
        detail: 'open: given up by Mailjet; install it again, one event a request',
      },
      { url, isOurs: true, detail: 'sent: alive' },
    ])
  })

  it('removes an address with all its kinds, and nothing else', async () => {
    const { hooks, webhooks } = await open()
    hooks.push({ ...foreign })
    await webhooks.install(url).catch(() => undefined)
    await webhooks.remove(url)
    expect(hooks).toEqual([foreign])
  })

  it('writes a name and a password into the address, and shows them to nobody', async () => {
    const { hooks, webhooks } = await open({
      webhookAuth: { user: 'mailjet', password: 'p@ss:word/16-letters' },
    })
    await webhooks.install(url)
    expect(hooks[0]?.Url).toBe(
      url.replace('https://', 'https://mailjet:p%40ss%3Aword%2F16-letters@'),
    )
    expect((await webhooks.list())[0]?.url).toBe(url)
    await webhooks.remove(url)
    expect(hooks).toEqual([])
  })
})
