import { describe, expect, it } from 'vitest'
import { networksOf, notePeer } from '../../integrations/mailshot/client-address.ts'
import { clientOf, cutAddress } from '../../integrations/mailshot/privacy/client.ts'

const privacy = { ip: 'truncated', keepUnconfirmedDays: 30, keepRejectsDays: 90 } as const

function requestFrom(peer: string | undefined, headers: Record<string, string> = {}): Request {
  const request = new Request('https://example.org/', { headers })
  notePeer(request, peer)
  return request
}

describe('cutAddress', () => {
  it('keeps the network of an address, and zeros for the rest', () => {
    expect(cutAddress('203.0.113.77', 'truncated')).toBe('203.0.113.0')
    expect(cutAddress('2001:db8:1:2::77', 'truncated')).toBe('2001:db8:1::')
    expect(cutAddress('2001:0DB8:0001:0002:3:4:5:6', 'truncated')).toBe('2001:db8:1::')
    expect(cutAddress('2001:db8::77', 'truncated')).toBe('2001:db8:0::')
    expect(cutAddress('::1', 'truncated')).toBe('0:0:0::')
    expect(cutAddress('fe80::1%eth0', 'truncated')).toBe('fe80:0:0::')
  })

  it('keeps it whole, or not at all, where the site says so', () => {
    expect(cutAddress('203.0.113.77', 'full')).toBe('203.0.113.77')
    expect(cutAddress('203.0.113.77', 'none')).toBeUndefined()
  })
})

describe('clientOf', () => {
  const headers = { 'x-forwarded-for': '198.51.100.9', 'user-agent': 'Firefox' }

  it('takes the address of who connected, and behind a declared proxy what that says', () => {
    const direct = requestFrom('203.0.113.77', headers)
    const proxies = networksOf(['127.0.0.1/32'])
    expect(clientOf({ privacy, proxies }, direct)).toEqual({
      ip: '203.0.113.0',
      userAgent: 'Firefox',
    })
    const behind = requestFrom('127.0.0.1', headers)
    expect(clientOf({ privacy, proxies }, behind)).toMatchObject({ ip: '198.51.100.0' })
  })

  it('keeps no address where the site has not said which proxies it has', () => {
    const request = requestFrom('203.0.113.77', headers)
    expect(clientOf({ privacy, proxies: undefined }, request)).toEqual({ userAgent: 'Firefox' })
  })
})
