import { describe, expect, onTestFinished, test } from 'vitest'
import { openSite } from './run-mailshot.ts'
import { mailjetKeys, startMailjetServer } from './transports/mailjet-server.ts'

/** The command line on a site that mails by a stand-in for Mailjet. */
async function openMailjetSite() {
  const server = await startMailjetServer()
  onTestFinished(() => server.close())
  const site = openSite('mailjet-site', {
    MAILJET_ENDPOINT: server.endpoint,
    MAILJET_API_KEY: mailjetKeys.apiKey,
    MAILJET_SECRET_KEY: mailjetKeys.secretKey,
  })
  return { server, site }
}

describe('mailshot webhooks', () => {
  test('installs, lists and removes what is ours, and shows no secret unasked', async () => {
    const { server, site } = await openMailjetSite()
    await site.mailshot('init')

    const installed = await site.mailshot('webhooks', 'install')
    const [row] = await site.json('webhooks', 'list', '--show-secret')
    const Url = 'https://shop.example/hook/their-secret?key=theirs'
    server.account.hooks.unshift({
      ID: 99,
      EventType: 'open',
      Url,
      Version: 2,
      Status: 'alive',
      IsBackup: true,
    })
    const [others, ours] = await site.json('webhooks', 'list')
    server.account.hooks.shift()
    const [removed] = await site.json('webhooks', 'remove', '--transport', 'mailjet')

    const shown = 'https://example.org/mailshot/webhooks/mailjet/…'
    expect(installed).toEqual({ code: 0, out: `mailjet reports to ${shown}\n`, err: '' })
    expect(row).toEqual({
      transport: 'mailjet',
      url: expect.stringMatching(/\/webhooks\/mailjet\/[\w-]{22}$/),
      isOurs: true,
      detail: 'sent: alive',
    })
    expect(others).toMatchObject({ url: 'https://shop.example/…', isOurs: false })
    expect(ours).toMatchObject({ url: shown, isOurs: true })
    expect(removed).toEqual({ transport: 'mailjet', removed: [shown] })
    expect(server.account.hooks).toEqual([])
  })
})

describe('mailshot webhooks show', () => {
  test('prints where to report to by hand, and the key that a relay signs with', async () => {
    const { site } = await openMailjetSite()

    const [provider, generic] = await site.json('webhooks', 'show')

    expect(provider).toEqual({
      transport: 'mailjet',
      url: expect.stringMatching(
        /^https:\/\/example\.org\/mailshot\/webhooks\/mailjet\/[\w-]{22}$/,
      ),
      key: null,
    })
    expect(generic).toEqual({
      transport: 'generic',
      url: expect.stringMatching(/\/webhooks\/generic\/[\w-]{22}$/),
      key: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    })
  })
})

describe('mailshot sender', () => {
  test('registers the senders of the settings, and says what is left to do', async () => {
    const { server, site } = await openMailjetSite()

    const [news, products] = await site.json('sender', 'register')

    expect(news).toEqual({ transport: 'mailjet', address: 'news@example.org', left: [] })
    expect(products).toMatchObject({
      address: 'products@example.net',
      left: ['follow the link that Mailjet has just mailed to products@example.net'],
    })
    expect(server.account.senders.map(({ Email }) => Email)).toEqual([
      '*@example.org',
      'products@example.net',
    ])
  })
})

describe('mailshot doctor', () => {
  test('says which sender the provider refuses, and shows no key', async () => {
    const { server, site } = await openMailjetSite()
    server.account.senders.length = 0

    const { code, out, err } = await site.mailshot('doctor')

    expect(out).toContain('the sender news@example.org is not registered at Mailjet')
    expect(out).toContain('the sender products@example.net is not registered at Mailjet')
    expect(out + err).not.toContain(mailjetKeys.secretKey)
    expect(code).toBe(2)
  })
})
