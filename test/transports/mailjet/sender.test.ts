import { afterEach, describe, expect, it } from 'vitest'
import { mailjet } from '../../../integrations/mailshot/transports/mailjet.ts'
import { mailjetKeys, startMailjetServer } from '../mailjet-server.ts'

const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options = {}) {
  const server = await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, ...options })
  closing.push(server, transport)
  server.account.dns['example.net'] = {
    ID: 7,
    DKIMRecordName: 'mailjet._domainkey.example.net.',
    DKIMRecordValue: 'k=rsa; p=MIGf',
    DKIMStatus: 'Error',
    Domain: 'example.net',
    OwnerShipToken: '0123456789abcdef',
    OwnerShipTokenRecordName: 'mailjet._abcdef01',
    SPFRecordValue: 'v=spf1 include:spf.mailjet.com ?all',
    SPFStatus: 'Error',
  }
  return { server, transport }
}

const records = [
  'set a TXT record mailjet._domainkey.example.net with the value k=rsa; p=MIGf (DKIM)',
  'set a TXT record example.net with the value v=spf1 include:spf.mailjet.com ?all (SPF), or add its include: to the one there is',
]

describe('verify of mailjet()', () => {
  it('takes a sender whose domain the account may use', async () => {
    const { transport } = await open()
    await expect(transport.verify?.('news@example.org')).resolves.toBeUndefined()
  })

  it('names the sender that Mailjet would refuse, and what to do', async () => {
    const { server, transport } = await open()
    await expect(transport.verify?.('news@example.net')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[MailshotError: the sender news@example.net is not registered at Mailjet, which refuses its mails; mailshot sender register news@example.net begins that]`,
    )
    server.account.senders.push({ ID: 2, Email: 'News@example.net', Status: 'Inactive' })
    await expect(transport.verify?.('news@example.net')).rejects.toThrow(
      'is not validated yet at Mailjet',
    )
  })

  it('says which keys to compare', async () => {
    const { transport } = await open({ secretKey: 'a-key-of-another-account' })
    await expect(transport.verify?.()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[MailshotError: Mailjet refuses the keys: mj-0015 API key authentication/authorization failure. You may be unauthorized to access the API or your API key may be expired.; compare MAILJET_API_KEY and MAILJET_SECRET_KEY with those of the account, and say region: 'us' if it was moved there]`,
    )
  })

  it('says what may be in the way where Mailjet cannot be reached', async () => {
    const { server, transport } = await open()
    await server.close()
    closing.shift()
    await expect(transport.verify?.()).rejects.toThrow(
      /^Mailjet cannot be reached: .*; is port 443 open/,
    )
  })
})

describe('registerSender of mailjet()', () => {
  it('has nothing left to do for a sender that is validated', async () => {
    const { server, transport } = await open()
    expect(await transport.registerSender?.('news@example.org')).toEqual([])
    expect(server.calls.filter(({ line }) => line.startsWith('POST'))).toEqual([])
  })

  it('registers an address, whose owner then has a link to follow', async () => {
    const { server, transport } = await open()
    const left = await transport.registerSender?.('news@example.net')
    expect(left).toEqual([
      'follow the link that Mailjet has just mailed to news@example.net',
      ...records,
    ])
    expect(server.account.senders.at(-1)).toMatchObject({ Email: 'news@example.net' })
    expect(await transport.registerSender?.('news@example.net')).toEqual(left)
    expect(server.account.senders).toHaveLength(2)
  })

  it('registers a domain, which a DNS record proves', async () => {
    const { server, transport } = await open()
    expect(await transport.registerSender?.('example.net')).toEqual([
      'set a TXT record mailjet._abcdef01.example.net with the value 0123456789abcdef',
      'then run this command once more, so that Mailjet looks for it',
      ...records,
    ])
    expect(server.account.senders.at(-1)).toMatchObject({ Email: '*@example.net' })
  })

  it('has Mailjet look at the records again once the sender is validated', async () => {
    const { server, transport } = await open()
    server.account.senders.push({ ID: 2, Email: '*@example.net', Status: 'Active' })
    expect(await transport.registerSender?.('news@example.net')).toEqual(records)
    expect(server.calls.at(-1)?.line).toBe('POST /v3/REST/dns/7/check')
    Object.assign(server.account.dns['example.net'] ?? {}, { DKIMStatus: 'OK', SPFStatus: 'OK' })
    expect(await transport.registerSender?.('news@example.net')).toEqual([])
  })
})
