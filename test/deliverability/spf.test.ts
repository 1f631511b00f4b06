import { describe, expect, it } from 'vitest'
import { openDns } from '../../integrations/mailshot/deliverability/dns.ts'
import { checkSpf } from '../../integrations/mailshot/deliverability/spf.ts'
import { startDnsServer, type Zone } from '../dns-server.ts'

const dnsOf = async (zone: Zone) => openDns(await startDnsServer(zone))

describe('checkSpf', () => {
  const check = async (records: Zone, include?: string) =>
    checkSpf(await dnsOf(records), 'club.fr', include)

  it('passes a record that ends in all and names what sends', async () => {
    const zone = {
      'TXT club.fr': ['google-site-verification=x', 'v=spf1 include:spf.relay.net mx ~all'],
      'TXT spf.relay.net': ['v=spf1 ip4:192.0.2.0/24 a:out.relay.net -all'],
    }
    expect(await check(zone, 'spf.relay.net')).toEqual({
      check: 'SPF',
      state: 'ok',
      detail: 'club.fr: v=spf1 include:spf.relay.net mx ~all (3 of 10 look-ups)',
    })
    expect(await check(zone, 'spf.other.net')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('add include:spf.other.net before the "all"'),
    })
  })

  it('tells none, two, one open to everybody, one without an end, and an include that is not there', async () => {
    const details = await Promise.all(
      [
        [],
        ['v=spf1 -all', 'v=spf1 ~all'],
        ['v=spf1 a +all'],
        ['v=spf1 mx'],
        ['v=spf1 include:gone.net -all'],
      ].map(async (records) => (await check({ 'TXT club.fr': records })).detail),
    )
    expect(details).toEqual([
      expect.stringContaining('no SPF record'),
      expect.stringContaining('2 SPF records'),
      expect.stringContaining('lets everybody send as you'),
      expect.stringContaining('says nothing of those it does not name'),
      expect.stringContaining('includes gone.net, which has no SPF record'),
    ])
  })

  it('counts look-ups as receivers do, also in a circle', async () => {
    const many = Array.from({ length: 11 }, (_, place) => `a:h${place}.fr`).join(' ')
    expect(await check({ 'TXT club.fr': [`v=spf1 ${many} -all`] })).toMatchObject({
      detail: expect.stringContaining('11 look-ups, and receivers give up after 10'),
    })
    const one = Array.from({ length: 6 }, (_, place) => `ip4:192.0.2.${place} exists:${place}.fr`)
    const twice = {
      'TXT club.fr': ['v=spf1 include:a.fr include:a.fr -all'],
      'TXT a.fr': [`v=spf1 ${one.join(' ')} -all`],
    }
    expect(await check(twice)).toMatchObject({ detail: expect.stringContaining('14 look-ups') })
    const circle = {
      'TXT club.fr': ['v=spf1 include:a.fr -all'],
      'TXT a.fr': ['v=spf1 include:b.fr -all'],
      'TXT b.fr': ['v=spf1 include:a.fr -all'],
    }
    expect(await check(circle)).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining(
        'includes a.fr, which includes b.fr, which includes a.fr, in',
      ),
    })
  })

  it('follows a redirect, unless the record ends by itself', async () => {
    const of = (end: string, target: string) =>
      check({ 'TXT club.fr': [`v=spf1 ip4:192.0.2.1 ${end}`], 'TXT a.fr': [target] })
    expect(await of('redirect=a.fr', 'v=spf1 ip6:2001:db8::/32 -all')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('(1 of 10 look-ups)'),
    })
    expect(await of('redirect=a.fr', 'v=spf1 ?all')).toMatchObject({
      detail: expect.stringContaining('says nothing of those it does not name'),
    })
    expect(await of('redirect=a.fr', 'no record')).toMatchObject({
      detail: expect.stringContaining('includes a.fr, which has no SPF record'),
    })
    expect(await of('redirect=a.fr -all', 'no record')).toMatchObject({ state: 'ok' })
  })

  it('believes what depends on the mail, and counts it', async () => {
    const hidden = { 'TXT club.fr': ['v=spf1 include:%{i}._ip.%{d}._spf.vendor.net ~all'] }
    expect(await check(hidden)).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('(1 of 10 look-ups)'),
    })
    expect(await check(hidden, 'spf.relay.net')).toMatchObject({ state: 'unknown' })
  })

  it('tells what lies in what it includes: everybody, two records, a mistake', async () => {
    const details = await Promise.all(
      [['v=spf1 +all'], ['v=spf1 -all', 'v=spf1 ~all'], ['v=spf1 ipv4:192.0.2.1 -all']].map(
        async (records) =>
          (await check({ 'TXT club.fr': ['v=spf1 include:a.fr -all'], 'TXT a.fr': records }))
            .detail,
      ),
    )
    expect(details).toEqual([
      expect.stringContaining('lets everybody send as you, by a.fr; take that out'),
      expect.stringContaining('includes a.fr, which has 2 SPF records'),
      expect.stringContaining('includes a.fr, where "ipv4:192.0.2.1" is nothing that SPF knows'),
    ])
  })

  it('tells a term that makes the whole fail, ptr, and a record that names nobody', async () => {
    const states = await Promise.all(
      [
        'ip4:192.0.2.256',
        'ip4:192.0.2.0/33',
        'include:',
        'a:mail.fr,',
        'mx;',
        'ptr',
        '',
        'ip4:192.0.2.1',
      ].map(async (term) => (await check({ 'TXT club.fr': [`v=spf1 ${term} -all`] })).state),
    )
    const wrong = states.slice(0, 5)
    expect(wrong).toEqual(wrong.map(() => 'problem'))
    expect(states.slice(5)).toEqual(['warning', 'problem', 'ok'])
  })

  it('tells names that lead nowhere, and more mail servers than receivers look at', async () => {
    const voids = await check({ 'TXT club.fr': ['v=spf1 a:x.fr a:y.fr mx:z.fr -all'] })
    expect(voids).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('a:x.fr, a:y.fr, mx:z.fr lead nowhere'),
    })
    const servers = Array.from({ length: 11 }, (_, place) => `10 mx${place}.fr`)
    const many = { 'TXT club.fr': ['v=spf1 mx -all'], 'MX club.fr': servers }
    expect(await check(many)).toMatchObject({
      detail: expect.stringContaining('mx:club.fr has 11 mail servers'),
    })
  })
})
