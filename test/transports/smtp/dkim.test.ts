import { createHash, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { dkimSigner } from '../../../integrations/mailshot/transports/smtp/dkim.ts'
import { testMessage } from '../../messages.ts'

const options = { domain: 'example.org', selector: 'news' }
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = pem(pair.privateKey)

describe('dkimSigner', () => {
  it('puts one signature before the message and changes nothing else', async () => {
    const mime = testMessage().mime()
    const signed = await dkimSigner({ ...options, privateKey })(mime)
    expect(signed).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256;/)
    expect(signed.endsWith(`\r\n${mime}`)).toBe(true)
    expect(signed.match(/^DKIM-Signature:/gm)).toHaveLength(1)
  })

  it('covers both unsubscribe headers and everything else that a reader goes by', async () => {
    const { tags } = await signedMail()
    expect(tags).toMatchObject({ d: 'example.org', s: 'news', c: 'relaxed/relaxed' })
    expect(tags['h']?.toLowerCase().split(':').toSorted()).toEqual([
      'content-type',
      'date',
      'from',
      'list-id',
      'list-unsubscribe',
      'list-unsubscribe-post',
      'message-id',
      'mime-version',
      'precedence',
      'subject',
      'to',
    ])
  })

  it('signs so that the public key proves body and headers (RFC 6376 §3.7)', async () => {
    const { tags, headers, body, signature } = await signedMail()
    const hash = createHash('sha256').update(relaxedBody(body)).digest('base64')
    expect(tags['bh']).toBe(hash)
    const names = tags['h']?.toLowerCase().split(':') ?? []
    const data = names.map((name) => `${name}:${headers.get(name)}\r\n`).join('')
    const unsigned = relaxed(signature).replace(/(^|;) ?b=[^;]*/, '$1 b=')
    const verify = createVerify('RSA-SHA256').update(`${data}dkim-signature:${unsigned}`, 'latin1')
    expect(verify.verify(pair.publicKey, tags['b'] ?? '', 'base64')).toBe(true)
  })

  it('takes a key whose line ends are written out, as in environment files', async () => {
    const oneLine = privateKey.replaceAll('\n', String.raw`\n`)
    const signed = await dkimSigner({ ...options, privateKey: oneLine })(testMessage().mime())
    expect(signed).toMatch(/^DKIM-Signature:/)
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
  ])(
    'refuses %s, which nodemailer would leave unsigned or receivers distrust',
    (_what, bad, text) => {
      expect(() => dkimSigner({ ...options, privateKey: bad })).toThrow(text)
    },
  )
})

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

async function signedMail() {
  const signed = await dkimSigner({ ...options, privateKey })(testMessage().mime())
  const text = signed
  const split = text.indexOf('\r\n\r\n')
  const fields = text
    .slice(0, split)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), relaxed(field.slice(colon + 1))]
    }),
  )
  const signature = headers.get('dkim-signature') ?? ''
  const tags: Record<string, string> = Object.fromEntries(
    signature.split(';').map((tag) => {
      const equals = tag.indexOf('=')
      return [tag.slice(0, equals).trim(), tag.slice(equals + 1).replace(/\s/g, '')]
    }),
  )
  return { tags, headers, signature, body: text.slice(split + 4) }
}

function relaxed(value: string): string {
  return value.replace(/[ \t]+/g, ' ').trim()
}

function relaxedBody(body: string): Buffer {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''))
  return Buffer.from(`${lines.join('\r\n').replace(/(?:\r\n)*$/, '')}\r\n`, 'latin1')
}
