import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { stringOctets } from '../../../integrations/mailshot/transports/smtp/content.ts'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dkimField, dkimSigner } from '../../../integrations/mailshot/transports/smtp/dkim.ts'
import { smtp } from '../../../integrations/mailshot/transports/smtp.ts'
import { compileOnly, markdown } from '../../campaign-folder.ts'
import { composeFor } from '../../compose-for.ts'
import { testMessage } from '../../messages.ts'
import { startSmtpServer } from '../../smtp-server.ts'

const options = { domain: 'example.org', selector: 'news' }
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = pem(pair.privateKey)
const sign = dkimSigner({ ...options, privateKey })

describe('dkimSigner', () => {
  it('puts one signature before the message and changes nothing else', async () => {
    const mime = testMessage().mime()
    const signed = await sign(mime)
    expect(signed).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256;/)
    expect(signed.endsWith(`\r\n${mime}`)).toBe(true)
    expect(signed.match(/^DKIM-Signature:/gm)).toHaveLength(1)
  })

  it('covers what a reader goes by, and lets nobody add a second one of it', async () => {
    const signed = await sign(testMessage().mime())
    const names = /h=([^;]*);/.exec(signed)?.[1]?.split(/:\s*/)
    expect(names?.filter((name) => name === 'from' || name === 'reply-to')).toEqual([
      'from',
      'from',
      'reply-to',
    ])
    const { signingHeaders } = await verified(signed)
    expect(signingHeaders?.keys.split(': ').toSorted()).toEqual([
      'Content-Type',
      'Date',
      'From',
      'List-Id',
      'List-Unsubscribe',
      'List-Unsubscribe-Post',
      'MIME-Version',
      'Message-ID',
      'Precedence',
      'Subject',
      'To',
    ])
  })

  it('signs so that an independent verifier accepts body and headers', async () => {
    const result = await verified(await sign(testMessage().mime()))
    expect(result).toMatchObject({
      status: { result: 'pass', aligned: 'example.org' },
      signingDomain: 'example.org',
      selector: 'news',
      algo: 'rsa-sha256',
      format: 'relaxed/simple',
    })
  })

  it('signs whatever stands at the ends of lines, between words and at the end', async () => {
    const pieces = constantFrom(' ', '\t', '\r\n', 'a', 'b c', ' =20', '.', '=3D')
    const bodies = array(pieces, { maxLength: 30 }).map((some) => some.join(''))
    await assert(
      asyncProperty(bodies, bodies, async (body, subject) => {
        const unfolded = subject.replaceAll('\r\n', '\r\n ')
        const mime = `from : News  <news@example.org> \r\nSubject:${unfolded}x\r\n\r\n${body}`
        expect(await verified(await sign(mime))).toMatchObject({ status: { result: 'pass' } })
      }),
      { numRuns: 60 },
    )
  })

  it('signs a body larger than its room', async () => {
    const mime = `From: a@example.org\r\n\r\n${'One line of many.\r\n'.repeat(30_000)}\r\n\r\n`
    const field = await dkimField({ ...options, privateKey })(stringOctets(mime))
    expect(await verified(field + mime)).toMatchObject({ status: { result: 'pass' } })
  })

  it('signs every one of several fields with one name', async () => {
    const mime = 'From: a@example.org\r\nTo: b@example.com\r\nTo: c@example.com\r\n\r\nx\r\n'
    const signed = await sign(mime)
    expect(await verified(signed)).toMatchObject({ status: { result: 'pass' } })
    const turned = signed.replace('b@example.com', 'd@example.com')
    expect(await verified(turned)).toMatchObject({ status: { result: 'fail' } })
  })

  it.each([
    ['another From', /^From: /m, 'From: boss@example.org\r\nFrom: '],
    ['another Subject', /^Subject: /m, 'Subject: other\r\nSubject: '],
    ['another address to leave', /(?<=unsubscribe\/)token/, 'other'],
    ['no address to leave', /^List-Unsubscribe-Post: .*\r\n/m, ''],
    ['another word', /Dear/, 'Dead'],
  ])('does not stand for a message with %s', async (_what, place, change) => {
    const signed = await sign(testMessage().mime())
    const changed = signed.replace(place, change)
    expect(changed).not.toBe(signed)
    const { status } = await verified(changed)
    expect(status.result).not.toBe('pass')
  })

  it('stands for a campaign’s mail as it arrives over SMTP', async () => {
    const relay = await startSmtpServer()
    const { host, port } = relay
    const transport = smtp({ host, port, tls: 'none', dkim: { ...options, privateKey } })
    onTestFinished(async () => {
      await transport.close?.()
      await relay.close()
    })
    const body = 'Bonjour  {{ nom | default: "à tous" }}\n\n.\n\n{% if city %}{{ city }}{% endif %}'
    const compiled = await compileOnly({ 'a.md': markdown(body) })
    const message = composeFor(compiled, { name: '.Zoé  “Z” \t', attributes: { city: 'À  x ' } })
    await transport.send([message], new AbortController().signal)
    const [arrived] = relay.messages
    const result = await verified(arrived?.raw.toString('latin1') ?? '')
    expect(result.status).toMatchObject({ result: 'pass', aligned: 'example.org' })
  })

  it('keeps an address of SMTPUTF8 as it is', async () => {
    const mime = Buffer.from('From: é@example.org\r\nTo: à@example.com\r\n\r\nx\r\n')
    const signed = await sign(mime.toString('latin1'))
    expect(await verified(signed)).toMatchObject({ status: { result: 'pass' } })
    expect(signed.endsWith(mime.toString('latin1'))).toBe(true)
  })

  it('takes a key whose line ends are written out, as in environment files', async () => {
    const oneLine = privateKey.replaceAll('\n', String.raw`\n`)
    const signed = await dkimSigner({ ...options, privateKey: oneLine })(testMessage().mime())
    expect(await verified(signed)).toMatchObject({ status: { result: 'pass' } })
  })

  it.each([
    [
      'an Ed25519 key',
      pem(generateKeyPairSync('ed25519').privateKey),
      /Ed25519 key, which few receivers check; make one with/,
    ],
    [
      'a key of another kind',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      /is of type ec/,
    ],
    [
      'a short key',
      pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      /has 1024 bits only/,
    ],
    [
      'a public key',
      pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      /is no private key/,
    ],
    ['garbage', 'not a key', /is no private key in PEM form/],
  ])('refuses %s, which receivers distrust or do not know', (_what, bad, text) => {
    expect(() => dkimSigner({ ...options, privateKey: bad })).toThrow(text)
  })
})

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** What a receiver finds who asks for the public key; the key comes from the test, not from DNS. */
async function verified(signed: string) {
  const { results } = await dkimVerify(Buffer.from(signed, 'latin1'), { resolver })
  const [result] = results
  if (!result || results.length > 1) throw new Error(`${results.length} signatures`)
  return result
}

function resolver(name: string): Promise<string[][]> {
  const key = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  if (name !== 'news._domainkey.example.org') throw new Error(`asked for ${name}`)
  return Promise.resolve([[`v=DKIM1; k=rsa; p=${key}`]])
}
