import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { mailjet } from '../../../integrations/mailshot/transports/mailjet.ts'
import { checkMailjetOptions } from '../../../integrations/mailshot/transports/mailjet/options.ts'
import { testMessage } from '../../messages.ts'
import { testCa } from '../../smtp-server.ts'
import { mailjetKeys, startMailjetServer } from '../mailjet-server.ts'

const { signal } = new AbortController()
const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url))

describe('the options of mailjet()', () => {
  it('go to the European host, or to the American one', () => {
    expect(checkMailjetOptions({}).endpoint.href).toBe('https://api.mailjet.com/')
    expect(checkMailjetOptions({ region: 'us' }).endpoint.href).toBe('https://api.us.mailjet.com/')
  })

  it('show no key in clear beyond this machine', () => {
    expect(() => mailjet({ endpoint: 'http://api.mailjet.com' })).toThrow('must be https')
    expect(() => mailjet({ endpoint: 'http://127.0.0.1.example.org' })).toThrow('must be https')
    expect(mailjet({ endpoint: 'http://[::1]:8080' }).name).toBe('mailjet')
  })

  it('take no password that could be guessed', () => {
    const short = { webhookAuth: { user: 'mailjet', password: 'fifteen-letters' } }
    expect(() => mailjet(short)).toThrow('must have at least 16 characters')
    expect(mailjet({ webhookAuth: { user: 'mailjet', password: '' } }).name).toBe('mailjet')
  })

  it('are all named when they are wrong', () => {
    const wrong = { calls: 0, timeoutSeconds: -1, webhookAuth: { user: 'a:b' } }
    expect(() => mailjet(wrong)).toThrowErrorMatchingInlineSnapshot(`
      [MailshotError: mailjet({…}) is wrong:
      ✖ Too small: expected number to be >=1
        → at calls
      ✖ Too small: expected number to be >0
        → at timeoutSeconds
      ✖ must be a word without : @ /
        → at webhookAuth.user]
    `)
  })
})

describe('mailjet() over TLS', () => {
  it('hands over to a host whose certificate is good, and nothing to any other', async () => {
    const tls = { key: fixture('test-only-server-key.pem'), cert: fixture('test-only-server.pem') }
    const server = await startMailjetServer({ tls })
    const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'deferred', scope: 'relay', reason: expect.stringContaining('certificate') },
    ])
    const before = getCACertificates()
    setDefaultCACertificates([...before, testCa])
    try {
      expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
      server.failNext({ drop: 'sent' })
      expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'uncertain' }])
    } finally {
      setDefaultCACertificates(before)
      await transport.close?.()
      await server.close()
    }
    expect(server.calls).toHaveLength(2)
  })
})
