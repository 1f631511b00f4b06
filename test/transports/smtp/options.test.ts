import { describe, expect, it } from 'vitest'
import {
  checkSmtpOptions,
  missingSecret,
  type SmtpOptions,
} from '../../../integrations/mailshot/transports/smtp/options.ts'

const host = 'smtp.example.org'

describe('checkSmtpOptions', () => {
  it.each([
    [{}, 'starttls', 587],
    [{ tls: 'implicit' }, 'implicit', 465],
    [{ tls: 'none' }, 'none', 25],
    [{ tls: 'implicit', port: 2465 }, 'implicit', 2465],
  ] as const)('makes of %j the mode %s on port %i', (options, tls, port) => {
    expect(checkSmtpOptions({ host, ...options })).toMatchObject({ tls, port, connections: 5 })
  })

  it('lists every wrong option at once', () => {
    const wrong = { host: 'smtp://x', port: 0, secure: true, connections: 0, ca: 'ca.pem' }
    expect(() => checkSmtpOptions(wrong)).toThrowErrorMatchingInlineSnapshot(`
      [MailshotError: smtp({…}) is wrong:
      ✖ Unrecognized key: "secure"
      ✖ must be a name alone, like smtp.example.org
        → at host
      ✖ Too small: expected number to be >=1
        → at port
      ✖ must be the text of a PEM file, not its name
        → at ca
      ✖ Too small: expected number to be >=1
        → at connections]
    `)
  })

  it.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])(
    'lets a password through in clear to %s',
    (loopback) => {
      const options = { host: loopback, tls: 'none', user: 'u', password: 'p' } as const
      expect(checkSmtpOptions(options)).toMatchObject(options)
    },
  )

  it.each(['relay.example', '10.0.0.1', '127.evil.example', 'localhost.example', '::2'])(
    'refuses a password in clear to %s, and says what to do',
    (away) => {
      const options: SmtpOptions = { host: away, tls: 'none', user: 'u', password: 'p' }
      expect(() => checkSmtpOptions(options)).toThrow(/in clear; use tls: 'starttls' or 'implicit'/)
      expect(checkSmtpOptions({ host: away, tls: 'none' })).toMatchObject({ port: 25 })
    },
  )
})

describe('a user that is empty', () => {
  it('is none, so that nothing logs in with it', () => {
    const options = checkSmtpOptions({ host, tls: 'none', user: '', password: '' })
    expect(options.user).toBeUndefined()
    expect(missingSecret(options)).toBeUndefined()
  })

  it('is missing beside a password', () => {
    const options = checkSmtpOptions({ host, user: '', password: 'p' })
    expect(missingSecret(options)).toMatch(/user is missing though password is set/)
  })
})

describe('missingSecret', () => {
  const dkim = { domain: 'example.org', selector: 'news', privateKey: undefined }

  it.each([
    [{ user: 'u', password: undefined }, /password is missing though user is set/],
    [{ password: 'p' }, /user is missing though password is set/],
    [{ dkim }, /dkim.privateKey is missing/],
  ])('says what %j lacks', (options, text) => {
    expect(missingSecret(checkSmtpOptions({ host, ...options }))).toMatch(text)
  })

  it('finds nothing missing where all is there, or nothing is asked for', () => {
    expect(missingSecret(checkSmtpOptions({ host }))).toBeUndefined()
    expect(missingSecret(checkSmtpOptions({ host, user: 'u', password: 'p' }))).toBeUndefined()
  })
})
