import { describe, expect, test } from 'vitest'
import { handleUnknown } from '../integrations/mailshot/api/unknown.ts'
import { guardRequest, protectResponse } from '../integrations/mailshot/guard.ts'
import { siteRoutes } from '../integrations/mailshot/routes.ts'
import { testConfig } from './open-test-mailshot.ts'

const site = 'https://example.org'
const config = testConfig({}, '/nowhere')

function refusalOf(method: string, pattern: string): Response | undefined {
  const route = siteRoutes.find((one) => one.pattern === pattern)
  return guardRequest(new Request(`${site}/mailshot/x`, { method }), site, { route, config })
}

describe('guardRequest', () => {
  test('refuses a method in JSON where programs ask', async () => {
    const refused = refusalOf('DELETE', '/api/sends')
    expect(refused?.status).toBe(405)
    expect(refused?.headers.get('allow')).toBe('GET, HEAD, POST')
    expect(refused?.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await refused?.json()).toEqual({
      error: {
        code: 'wrong-method',
        message: 'DELETE does nothing at this address; use GET, HEAD, POST',
      },
    })
  })

  test('refuses a method in words where people are', async () => {
    const refused = refusalOf('PUT', '/subscribe')
    expect([refused?.status, refused?.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    expect(await refused?.text()).toContain('GET, HEAD, POST')
  })

  test('lets a form of another site sign people up where the settings name that site, and do nothing else', () => {
    const shop = 'https://shop.example.org'
    const open = testConfig({ signUp: { origins: [shop] } }, '/nowhere')
    const statusOf = (pattern: string, origin: string, given = open) => {
      const route = siteRoutes.find((one) => one.pattern === pattern)
      const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' }
      const request = new Request(`${site}/mailshot/x`, { method: 'POST', headers })
      return guardRequest(request, site, { route, config: given })?.status
    }
    expect(statusOf('/subscribe', shop)).toBeUndefined()
    expect(statusOf('/subscribe', site)).toBeUndefined()
    expect(statusOf('/subscribe', 'https://shop.example.org.evil.example')).toBe(403)
    expect(statusOf('/subscribe', 'null')).toBe(403)
    expect(statusOf('/preferences/[token]', shop)).toBe(403)
    expect(statusOf('/subscribe', shop, config)).toBe(403)
  })

  test('takes a form of a page of this site that keeps its origin to itself, and of no other', () => {
    const route = siteRoutes.find((one) => one.pattern === '/subscribe')
    const statusFrom = (where: string) => {
      const type = 'application/x-www-form-urlencoded'
      const headers = { origin: 'null', 'sec-fetch-site': where, 'content-type': type }
      const request = new Request(`${site}/mailshot/subscribe`, { method: 'POST', headers })
      return guardRequest(request, site, { route, config })?.status
    }
    expect(statusFrom('same-origin')).toBeUndefined()
    expect(['same-site', 'cross-site', 'none'].map(statusFrom)).toEqual([403, 403, 403])
  })

  test('tells of a site in the settings that is more than an origin', () => {
    const signUp = { origins: ['https://shop.example.org/'] }
    expect(() => testConfig({ signUp }, '/nowhere')).toThrow('must be an origin')
  })

  test('lets a method through that an address has', () => {
    expect(refusalOf('GET', '/api/sends/[id]')).toBeUndefined()
    expect(refusalOf('POST', '/api/sends/[id]/[action]')).toBeUndefined()
  })
})

describe('protectResponse', () => {
  const [route] = siteRoutes
  const policyOf = (given: Record<string, string>) => {
    const headers = { 'content-type': 'text/html', ...given }
    const response = route && protectResponse(new Response('', { headers }), route)
    return response?.headers.get('content-security-policy')
  }

  test('lets no other site frame a page of ours, also beside a policy of the site', () => {
    const own = "frame-ancestors 'self'"
    expect(policyOf({})).toBe(own)
    const policy = "script-src 'self'"
    expect(policyOf({ 'content-security-policy': policy })).toBe(`${policy}, ${own}`)
    const stricter = "frame-ancestors 'none'"
    expect(policyOf({ 'content-security-policy': stricter })).toBe(stricter)
    expect(policyOf({ 'content-type': 'application/json' })).toBeNull()
  })
})

describe('handleUnknown', () => {
  test('answers in JSON that there is nothing', async () => {
    const response = handleUnknown(new Request(`${site}/mailshot/api/nope?token=secret`))
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      error: {
        code: 'not-found',
        message: 'there is nothing at /mailshot/api/nope; the API is at api/sends',
      },
    })
  })
})
