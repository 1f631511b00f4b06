import { describe, expect, it } from 'vitest'
import { clientAddress, connectedPeer, peerOf } from '../integrations/mailshot/client-address.ts'
import { proxiesOption } from '../integrations/mailshot/client-address/options.ts'
import { visitorOf } from '../integrations/mailshot/tracking/visitor.ts'

const declared = ['127.0.0.1', '10.0.0.0/8', '2001:db8:ffff::/48']

describe('clientAddress', () => {
  it('is whoever connected, where nothing stands before the site, whatever the headers say', () => {
    expect(seen([], '203.0.113.7', '198.51.100.1')).toBe('203.0.113.7')
    expect(seen([], '::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(seen([], '2001:db8::7')).toBe('2001:db8::7')
  })

  it('is what the nearest declared proxy was asked by, not what a client wrote before', () => {
    expect(seen(declared, '127.0.0.1', '1.2.3.4, 203.0.113.7')).toBe('203.0.113.7')
    expect(seen(declared, '127.0.0.1', '1.2.3.4, 203.0.113.7, 10.9.8.7')).toBe('203.0.113.7')
    expect(seen(declared, '2001:db8:ffff::1', '1.2.3.4,2001:db8::7,10.1.1.1')).toBe('2001:db8::7')
  })

  it('is whoever connected past the declared proxies', () => {
    expect(seen(declared, '203.0.113.7', '198.51.100.1')).toBe('203.0.113.7')
  })

  it('reads a hop with a port, in brackets, and of a socket for both families', () => {
    expect(seen(declared, '::ffff:127.0.0.1', '203.0.113.7:4711')).toBe('203.0.113.7')
    expect(seen(declared, '127.0.0.1', '[2001:db8::7]:4711')).toBe('2001:db8::7')
    expect(seen(declared, '127.0.0.1', '203.0.113.7, ::ffff:10.0.0.1')).toBe('203.0.113.7')
    expect(seen(declared, '127.0.0.1', '[0:0:0:0:0:FFFF:CB00:7107]:4711')).toBe('203.0.113.7')
    expect(seen(declared, '::ffff:7f00:1', '::ffff:0:cb00:7107')).toBe('::ffff:0:cb00:7107')
  })

  it('is whoever connected where nothing was noted with the request, as in the site’s own routes', () => {
    const ofRoute = () => clientAddress({ proxies: proxiesOption.parse([]) }, requestOf(undefined))
    expect(connectedPeer.run('203.0.113.7', ofRoute)).toBe('203.0.113.7')
    expect(ofRoute()).toBeUndefined()
  })

  it('is unknown while no proxies are declared', () => {
    expect(seen(undefined, '203.0.113.7')).toBeUndefined()
    expect(seen(undefined, '127.0.0.1', '203.0.113.7')).toBeUndefined()
  })

  it('is unknown where a proxy says nothing, or nonsense, or only names proxies', () => {
    expect(seen(declared, '127.0.0.1')).toBeUndefined()
    expect(seen(declared, '127.0.0.1', '203.0.113.7, unknown')).toBeUndefined()
    expect(seen(declared, '127.0.0.1', '10.0.0.1')).toBeUndefined()
    expect(seen(declared, undefined, '203.0.113.7')).toBeUndefined()
  })

  it('is unknown behind a proxy on the same network that nobody has declared', () => {
    expect(seen(['10.0.0.0/8'], '127.0.0.1', '203.0.113.7')).toBeUndefined()
    expect(seen([], '192.168.1.1', '203.0.113.7')).toBeUndefined()
  })

  it('is what counts opens apart too, as soon as proxies are declared', () => {
    const request = requestOf('203.0.113.7, 17.58.1.2')
    const proxies = proxiesOption.parse(['127.0.0.1', '17.58.0.0/16'])
    expect(visitorOf(request, '127.0.0.1', { proxies }).address).toBe('203.0.113.7')
    expect(visitorOf(request, '127.0.0.1').address).toBe('17.58.1.2')
  })
})

describe('peerOf', () => {
  it('is the connection’s own address before what the platform makes of the headers', () => {
    const context = { clientAddress: '1.2.3.4' }
    expect(connectedPeer.run('203.0.113.7', () => peerOf(context))).toBe('203.0.113.7')
    expect(peerOf(context)).toBe('1.2.3.4')
  })

  it('is undefined where the platform has none', () => {
    const context = {
      get clientAddress(): string {
        throw new Error('no address')
      },
    }
    expect(peerOf(context)).toBeUndefined()
  })
})

describe('proxiesOption', () => {
  it('refuses what is neither an address nor a network, by its place', () => {
    const { error } = proxiesOption.safeParse(['10.0.0.0/8', 'nginx', '10.0.0.0/33', '::1/129'])
    expect(error?.issues.map(({ path, message }) => [path[0], message])).toEqual([
      [1, expect.stringContaining('"nginx" is no address of a proxy')],
      [2, expect.stringContaining('"10.0.0.0/33"')],
      [3, expect.stringContaining('"::1/129"')],
    ])
  })
})

function seen(proxies: string[] | undefined, peer: string | undefined, forwarded?: string) {
  const given = proxies && proxiesOption.parse(proxies)
  return clientAddress({ proxies: given }, requestOf(forwarded), peer)
}

function requestOf(forwarded: string | undefined): Request {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return new Request('https://example.org/', { headers })
}
