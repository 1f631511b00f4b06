import { afterEach, describe, expect, it } from 'vitest'
import { smtp, type SmtpOptions } from '../../../integrations/mailshot/transports/smtp.ts'
import { checkSmtpOptions } from '../../../integrations/mailshot/transports/smtp/options.ts'
import { explainVerifyFault } from '../../../integrations/mailshot/transports/smtp/verify.ts'
import { type Script, startScriptedSmtpServer } from '../../scripted-smtp-server.ts'
import { type SmtpServerOptions, startSmtpServer, testCa } from '../../smtp-server.ts'

const login = { user: 'news', password: 'correct horse battery' }
const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close()
})

async function verify(
  relay: { host: string; port: number; close(): Promise<void> },
  options: Partial<SmtpOptions>,
) {
  closing.push(relay)
  const { host, port } = relay
  return smtp({
    host,
    port,
    connectTimeoutSeconds: 0.2,
    answerTimeoutSeconds: 0.4,
    ...options,
  }).verify?.()
}

const scripted = async (script: Script, options: Partial<SmtpOptions>) =>
  verify(await startScriptedSmtpServer(script), { tls: 'none', ...options })

const real = async (server: SmtpServerOptions, options: Partial<SmtpOptions>) =>
  verify(await startSmtpServer(server), { connectTimeoutSeconds: 5, ...options })

describe('verify of smtp', () => {
  it('passes where login and certificate are right', async () => {
    const server: SmtpServerOptions = { tls: 'starttls', auth: login }
    await expect(real(server, { ...login, ca: testCa })).resolves.toBeUndefined()
  })

  it('names a port where nothing listens', async () => {
    const relay = await startSmtpServer()
    await relay.close()
    const { host, port } = relay
    await expect(smtp({ host, port }).verify?.()).rejects.toThrow(
      /nothing listens on that port .*ECONNREFUSED.*check host and port, or try tls: 'implicit'/,
    )
  })

  it('names a host that does not exist', async () => {
    const transport = smtp({ host: 'no-such-host.invalid' })
    await expect(transport.verify?.()).rejects.toThrow(/the name is not known .*typing mistake/)
  })

  it('takes a password out of what the server says', async () => {
    const auth = `535 5.7.8 no: ${login.password}`
    const ehlo = '250-relay\r\n250 AUTH PLAIN'
    const error = await scripted({ ehlo, auth }, login).catch(String)
    expect(error).toMatch(/the login was refused .*no: \*\*\*/)
    expect(error).not.toContain(login.password)
  })

  it('names a wrong password without repeating it', async () => {
    const wrong = { ...login, password: 'wrong password' }
    const error = await real({ auth: login }, { tls: 'none', ...wrong }).catch(String)
    expect(error).toMatch(/the login was refused .*535.*app password/)
    expect(error).not.toContain(wrong.password)
  })

  it.each([
    [
      'a server that offers no login',
      { ehlo: '250 scripted.example', auth: '503 5.5.1 no AUTH here' },
      /offers no login here/,
    ],
    ['a login service out of order', { auth: '454 4.7.0 later' }, /try again in some minutes/],
    ['a server that closes at once', { greeting: 'drop' }, /the connection failed/],
    [
      'a server that refuses us',
      { greeting: '554 5.7.1 blocked' },
      /the connection failed .*blocked/,
    ],
    ['a server that says nothing', { greeting: 'silence' }, /took the connection and said nothing/],
    ['a login that is never answered', { auth: 'silence' }, /the server stopped answering/],
  ] as const)('explains %s', async (_what, script, text) => {
    await expect(scripted(script, login)).rejects.toThrow(text)
  })

  it('names a server without STARTTLS', async () => {
    await expect(scripted({ starttls: '502 no' }, { tls: 'starttls' })).rejects.toThrow(
      /does not offer STARTTLS on this port .*tls: 'implicit' with port 465/,
    )
  })

  it('names a server that knows HELO alone, where TLS is required', async () => {
    await expect(scripted({ ehlo: '502 5.5.2 what?' }, { tls: 'starttls' })).rejects.toThrow(
      /does not offer STARTTLS on this port .*tls: 'implicit' with port 465/,
    )
  })

  it('names a port that speaks clear text first', async () => {
    await expect(real({}, { tls: 'implicit' })).rejects.toThrow(
      /does not speak TLS from the first byte .*tls: 'starttls' with port 587/,
    )
  })

  it('names a certificate that nobody known has signed', async () => {
    await expect(real({ tls: 'implicit' }, { tls: 'implicit' })).rejects.toThrow(
      /no public authority has signed .*option ca/,
    )
  })

  it('names a certificate for another name', async () => {
    const server = { tls: 'implicit', certificate: 'test-only-wrong-name' } as const
    await expect(real(server, { tls: 'implicit', ca: testCa })).rejects.toThrow(
      /certificate is for another name .*set host to the name/,
    )
  })
})

describe('explainVerifyFault', () => {
  it.each([
    ['ETIMEDOUT', undefined, 'Connection timeout'],
    ['ESOCKET', 'EHOSTUNREACH', 'connect EHOSTUNREACH 192.0.2.1:587'],
  ])('takes %s %s for a blocked port', (code, originalCode, message) => {
    const options = checkSmtpOptions({ host: 'smtp.example.org' })
    const error = explainVerifyFault(options, { code, originalCode, message, handedOver: false })
    expect(error.message).toMatch(
      /^smtp smtp.example.org:587: the server cannot be reached .*blocked by the hosting provider/,
    )
  })
})
