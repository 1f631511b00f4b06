import { afterEach, describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { hasWebhookSecret, publicWebhookUrl } from '../../integrations/mailshot/webhook/address.ts'
import {
  installWebhook,
  listWebhooks,
  removeWebhooks,
} from '../../integrations/mailshot/webhook/register.ts'
import { testConfig, testSecret } from '../open-test-mailshot.ts'
import {
  type MailjetServer,
  mailjetKeys,
  startMailjetServer,
} from '../transports/mailjet-server.ts'

let server: MailjetServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function open(overrides: Partial<MailshotConfigInput> = {}) {
  server ??= await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys })
  return {
    config: testConfig({ transport, ...overrides }, '.'),
    transport,
    hooks: server.account.hooks,
  }
}

describe('installWebhook', () => {
  it('registers the address that this site takes reports at', async () => {
    const { config, transport, hooks } = await open()
    const { url, left } = await installWebhook(config, transport)
    expect(url).toMatch(/^https:\/\/example\.org\/mailshot\/webhooks\/mailjet\/[\w-]{22}$/)
    expect(hasWebhookSecret(config, 'mailjet', url.slice(-22))).toBe(true)
    expect(left).toEqual([])
    expect(new Set(hooks.map(({ Url }) => Url))).toEqual(new Set([url]))
  })

  it('registers another way to the site, which is then the one that providers sign', async () => {
    const { config, transport } = await open({
      webhooks: { base: 'https://hooks.example.net/in/' },
    })
    const { url } = await installWebhook(config, transport)
    expect(url).toMatch(/^https:\/\/hooks\.example\.net\/in\/webhooks\/mailjet\/[\w-]{22}$/)
    const request = new Request(
      `http://localhost:4321/mailshot/webhooks/mailjet/${url.slice(-22)}?a=b`,
    )
    expect(publicWebhookUrl(config, request)).toBe(`${url}?a=b`)
  })

  it('registers none where the settings switch it off', async () => {
    const { config, transport, hooks } = await open({ webhooks: false })
    await expect(installWebhook(config, transport)).rejects.toThrow(
      /^webhooks: false in the settings/,
    )
    expect(hooks).toEqual([])
  })

  it('follows a new secret also where addresses end with a slash', async () => {
    const old = await open({
      secret: 'an-old-secret-of-at-least-32-characters',
      trailingSlash: true,
    })
    await installWebhook(old.config, old.transport)
    const { config, transport, hooks } = await open({ trailingSlash: true })
    const { url } = await installWebhook(config, transport)
    expect(url).toMatch(/\/$/)
    expect(new Set(hooks.map(({ Url }) => Url))).toEqual(new Set([url]))
    expect(await removeWebhooks(config, transport)).toEqual([url])
  })

  it('follows a new secret, and a move to another way', async () => {
    const old = await open({ secret: 'an-old-secret-of-at-least-32-characters' })
    await installWebhook(old.config, old.transport)
    const { config, transport, hooks } = await open({ secret: [testSecret, ...old.config.secrets] })
    const { url } = await installWebhook(config, transport)
    expect(new Set(hooks.map(({ Url }) => Url))).toEqual(new Set([url]))
  })
})

describe('removeWebhooks', () => {
  it('takes away what reports to this site, and nothing of another one', async () => {
    const other = await open({ site: 'https://example.com' })
    await installWebhook(other.config, other.transport)
    other.hooks.splice(0, 3)
    const { config, transport, hooks } = await open()
    await expect(installWebhook(config, transport)).rejects.toThrow('left alone: bounce')
    expect((await listWebhooks(config, transport)).map(({ isOurs }) => isOurs)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
    ])
    expect(await removeWebhooks(config, transport)).toHaveLength(1)
    expect(hooks.map(({ Url }) => new URL(Url).host)).toEqual(Array(4).fill('example.com'))
    expect(await removeWebhooks(config, transport)).toEqual([])
  })
})
