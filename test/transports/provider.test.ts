import { describe, expect, it } from 'vitest'
import { openRedactor } from '../../integrations/mailshot/transports/provider/redact.ts'
import { retryAfterOf } from '../../integrations/mailshot/transports/provider/retry-after.ts'

describe('openRedactor', () => {
  it('takes out secrets, a password and a hook’s address, in whatever form they come back', () => {
    const password = 'p%ss word+long-enough'
    const clean = openRedactor(['key:secret-key', 'secret-key'], { user: 'hook', password })
    const header = Buffer.from(`hook:${password}`).toString('base64')
    const address = `https://hook:${encodeURIComponent(password)}@club.fr/webhooks/a/${'s'.repeat(22)}`
    const said = `no ${password}, ${header}, ${address}, ${encodeURIComponent(address)}, key:secret-key\n\n or secret-key`
    expect(clean(said)).toBe(
      `no ***, ***, https://hook:***@club.fr/webhooks/a/***, ${encodeURIComponent('https://hook:')}***${encodeURIComponent('@club.fr/webhooks/a/')}***, *** or ***`,
    )
    expect(clean('x'.repeat(2000))).toHaveLength(500)
  })
})

describe('retryAfterOf', () => {
  it('reads seconds and dates, a day at most, and nothing of what is neither', () => {
    expect(retryAfterOf('120')).toBe(120)
    expect(retryAfterOf('999999')).toBe(86_400)
    const soon = retryAfterOf(new Date(Date.now() + 60_000).toUTCString())
    expect(soon).toBeGreaterThan(50)
    expect(soon).toBeLessThanOrEqual(60)
    expect(retryAfterOf('Mon, 01 Jan 2024 00:00:00 GMT')).toBe(0)
    expect(retryAfterOf('soon')).toBeUndefined()
    expect(retryAfterOf(undefined)).toBeUndefined()
  })
})
