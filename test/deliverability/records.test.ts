import { createServer } from 'node:net'
import { once } from 'node:events'
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkDkim } from '../../integrations/mailshot/deliverability/dkim.ts'
import {
  isAligned,
  policyFor,
  stepsFrom,
  viewDmarc,
} from '../../integrations/mailshot/deliverability/dmarc.ts'
import { openDns } from '../../integrations/mailshot/deliverability/dns.ts'
import {
  adviceOf,
  adviseOnPorts,
  checkReverse,
} from '../../integrations/mailshot/deliverability/reach.ts'
import { checkSpf } from '../../integrations/mailshot/deliverability/spf.ts'
import { reverseZone, startDnsServer, type Zone } from '../dns-server.ts'
import { freePort } from '../free-port.ts'

const dnsOf = async (zone: Zone) => openDns(await startDnsServer(zone))

function keyPair(bits: number) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    record: `v=DKIM1; k=rsa; p=${der}`,
  }
}

describe('checkDkim', () => {
  const [ours, other, short] = [keyPair(2048), keyPair(2048), keyPair(1024)]
  const check = async (record: string | undefined, publicKey: string | undefined = ours.pem) =>
    checkDkim(
      await dnsOf(record === undefined ? {} : { 'TXT news._domainkey.club.fr': [record] }),
      { domain: 'club.fr', selector: 'news', publicKey },
    )

  it('passes the other half of the key that signs, in whatever pieces it is published', async () => {
    expect(await check(ours.record)).toEqual({
      check: 'DKIM',
      state: 'ok',
      detail: 'news._domainkey.club.fr: 2048 bits, the key that signs here',
    })
  })

  it('tells a missing, another, a revoked, a broken, and a short one', async () => {
    expect(await check(undefined)).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining(`publish the TXT record: ${ours.record}`),
    })
    expect(await check(other.record)).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('not the one that signs here'),
    })
    expect(await check('v=DKIM1; p=')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('was revoked'),
    })
    expect(await check('v=DKIM1; p=abc')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('is no key'),
    })
    expect(await check(short.record, short.pem)).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('1024 bits'),
    })
  })
})

describe('checkDkim, of what receivers read in a key', () => {
  const { record: good } = keyPair(2048)
  const judge = async (zone: Zone) => {
    const { state, detail } = await checkDkim(await dnsOf(zone), {
      domain: 'club.fr',
      selector: 'mte1',
    })
    return [state, detail.replace('mte1._domainkey.club.fr: ', '')]
  }
  const of = (...records: string[]) => judge({ 'TXT mte1._domainkey.club.fr': records })
  const bare = (tags: string) => good.replace('v=DKIM1; k=rsa;', tags)

  it('follows an alias to the key of a provider, and says where that leads nowhere', async () => {
    const alias = { 'CNAME mte1._domainkey.club.fr': ['dkim1.provider.net'] }
    expect(await judge({ ...alias, 'TXT dkim1.provider.net': [good] })).toEqual(['ok', '2048 bits'])
    expect(await judge(alias)).toEqual([
      'problem',
      'no public key; publish the TXT record that the provider gives you',
    ])
  })

  it('takes a key without version or kind, among texts that are none, in either form', async () => {
    expect(await of('some note', bare(''))).toEqual(['ok', '2048 bits'])
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const der = publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')
    expect(await of(`v=DKIM1; p=${der}`)).toEqual(['ok', '2048 bits'])
  })

  it('refuses what receivers pass over', async () => {
    expect(await of(bare('v=DKIM2;'))).toEqual(['problem', expect.stringMatching(/no public key/)])
    expect(await of(good, keyPair(2048).record)).toEqual([
      'problem',
      expect.stringMatching(/2 keys/),
    ])
    expect(await of(bare('v=DKIM1; k=dsa;'))).toEqual([
      'problem',
      expect.stringMatching(/k=dsa is no kind/),
    ])
    expect(await of(bare('v=DKIM1; h=sha1;'))).toEqual([
      'problem',
      expect.stringMatching(/leaves out sha256/),
    ])
    expect(await of(bare('v=DKIM1; s=tlsrpt;'))).toEqual([
      'problem',
      expect.stringMatching(/is not for mail/),
    ])
    expect(await of(bare('v=DKIM1; h=sha1:sha256; s=email;'))).toEqual(['ok', '2048 bits'])
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    expect(await of(`v=DKIM1; k=rsa; p=${der}`)).toEqual([
      'problem',
      expect.stringMatching(/is no key/),
    ])
  })

  it('warns of a kind that few receivers check', async () => {
    const { publicKey } = generateKeyPairSync('ed25519')
    const { x = '' } = publicKey.export({ format: 'jwk' })
    const octets = Buffer.from(x, 'base64url').toString('base64')
    expect(await of(`v=DKIM1; k=ed25519; p=${octets}`)).toEqual([
      'warning',
      expect.stringMatching(/ed25519/),
    ])
  })
})

describe('viewDmarc', () => {
  it('walks up to the record with the fewest labels', async () => {
    const dns = await dnsOf({
      'TXT _dmarc.club.fr': ['v=DMARC1; p=reject; sp=quarantine'],
      'TXT _dmarc.shop.club.fr': ['v=DMARC1; p=none; adkim=s'],
    })
    const news = await viewDmarc(dns, 'mail.news.club.fr')
    expect(news).toMatchObject({ organisation: 'club.fr', record: { at: 'club.fr' } })
    expect('failed' in news || policyFor('mail.news.club.fr', news)).toBe('quarantine')
    expect(await viewDmarc(dns, 'shop.club.fr')).toMatchObject({
      organisation: 'club.fr',
      record: { at: 'shop.club.fr' },
    })
  })

  it('stops at a registry, below which the organisation is, and at who says to be one', async () => {
    const dns = await dnsOf({
      'TXT _dmarc.gov.uk': ['v=DMARC1; p=none; psd=y'],
      'TXT _dmarc.big.club.fr': ['v=DMARC1; p=none; psd=n'],
      'TXT _dmarc.club.fr': ['v=DMARC1; p=none'],
    })
    expect(await viewDmarc(dns, 'a.b.town.gov.uk')).toMatchObject({
      organisation: 'town.gov.uk',
      record: { at: 'gov.uk' },
    })
    expect(await viewDmarc(dns, 'x.big.club.fr')).toMatchObject({ organisation: 'big.club.fr' })
  })

  it('counts none of two records, and asks at most eight times', async () => {
    const dns = await dnsOf({ 'TXT _dmarc.club.fr': ['v=DMARC1; p=none', 'v=DMARC1; p=reject'] })
    expect(await viewDmarc(dns, 'club.fr')).toMatchObject({ record: undefined, doubled: 'club.fr' })
    expect(stepsFrom('a.b.c.d.e.f.g.h.i.j.fr')).toHaveLength(8)
    expect(stepsFrom('a.b.c.d.e.f.g.h.i.j.fr')[1]).toBe('e.f.g.h.i.j.fr')
  })

  it('decides whether a domain belongs to the sender’s', async () => {
    const dns = await dnsOf({
      'TXT _dmarc.club.fr': ['v=DMARC1; p=none; aspf=s'],
      'TXT _dmarc.other.fr': ['v=DMARC1; p=none'],
    })
    const view = await viewDmarc(dns, 'club.fr')
    if ('failed' in view) throw new Error(view.failed)
    const sender = { ...view, domain: 'club.fr' }
    expect(await isAligned(dns, { sender, other: 'news.club.fr', mode: 'adkim' })).toBe(true)
    expect(await isAligned(dns, { sender, other: 'news.club.fr', mode: 'aspf' })).toBe(false)
    expect(await isAligned(dns, { sender, other: 'other.fr', mode: 'adkim' })).toBe(false)
  })
})

describe('checkReverse', () => {
  const zone = {
    'PTR 7.2.0.192.in-addr.arpa': ['mail.club.fr'],
    'A mail.club.fr': ['192.0.2.7'],
    'PTR 8.2.0.192.in-addr.arpa': ['other.club.fr'],
    'A other.club.fr': ['192.0.2.9'],
    'A smtp.relay.net': ['198.51.100.1'],
  }

  it('takes addresses of both kinds', async () => {
    const own = ['192.0.2.7', '2001:db8::7', '2001:db8:0:1:2:3:4:5']
    const dns = await dnsOf(reverseZone(own, 'mail.club.fr'))
    expect(await checkReverse(dns, '192.0.2.7', own)).toMatchObject({ state: 'ok' })
  })

  it('follows the name of an address back to it', async () => {
    const dns = await dnsOf(zone)
    expect(await checkReverse(dns, 'mail.club.fr', ['192.0.2.7'])).toMatchObject({ state: 'ok' })
    expect(await checkReverse(dns, 'localhost', ['192.0.2.8'])).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('does not lead back'),
    })
    expect(await checkReverse(dns, 'localhost', ['192.0.2.10'])).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('has no name'),
    })
    expect(await checkReverse(dns, 'localhost', [])).toMatchObject({ state: 'unknown' })
  })

  it('does not vouch for a mail server in a network of one’s own', async () => {
    const dns = await dnsOf({ 'A postfix.lan': ['172.18.0.3'] })
    const near = { state: 'unknown', detail: expect.stringContaining('in a network of yours') }
    expect(await checkReverse(dns, 'postfix.lan', ['192.0.2.8'])).toMatchObject(near)
    expect(await checkReverse(dns, '10.0.0.4', ['192.0.2.8'])).toMatchObject(near)
  })

  it('leaves a relay of somebody else to them', async () => {
    expect(await checkReverse(await dnsOf(zone), 'smtp.relay.net', ['192.0.2.8'])).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('whose operator sees to it'),
    })
  })
})

describe('adviseOnPorts', () => {
  it('names the port that answers, or what to do where none does', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const open = typeof address === 'object' && address ? address.port : 0
    const closed = await freePort()
    expect(await adviseOnPorts('127.0.0.1', [closed, open])).toContain(
      `${open} can be reached from here: set port: ${open}`,
    )
    expect(adviceOf([25, 465, 587, 2525])).toBe('set port: 587')
    expect(adviceOf([25, 465])).toBe(`set port: 465, and tls: 'implicit'`)
    expect(await adviseOnPorts('127.0.0.1', [closed])).toContain(
      'a firewall or your hosting provider blocks mail',
    )
  })
})

describe('without a name server', () => {
  it('nothing is called wrong', async () => {
    const dns = openDns(`127.0.0.1:${await freePort()}`)
    expect(await checkSpf(dns, 'club.fr', undefined)).toEqual({
      check: 'SPF',
      state: 'unknown',
      detail: 'could not be looked up: club.fr: no name server can be reached',
    })
    expect(await viewDmarc(dns, 'club.fr')).toMatchObject({
      failed: 'no name server can be reached',
    })
  })
})
