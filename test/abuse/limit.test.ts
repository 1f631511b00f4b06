import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { countAttempt, purgeAttempts } from '../../integrations/mailshot/abuse/limit.ts'
import { networkOf } from '../../integrations/mailshot/abuse/network.ts'
import { notePeer } from '../../integrations/mailshot/client-address.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

const minute = 60_000
const none = { client: false, network: false, address: false, domain: false, site: false } as const

describe('countAttempt', () => {
  it('lets so many of a client through, refuses the next, and says from when on there is room', async () => {
    const { mailshot, from } = await open({ ...none, client: '3/hour' })
    expect([
      await from('203.0.113.7'),
      await from('203.0.113.7'),
      await from('203.0.113.7'),
    ]).toEqual([undefined, undefined, undefined])
    const againAt = (await from('203.0.113.7')) ?? 0
    expect(againAt - mailshot.now()).toBeGreaterThan(59 * minute)
    expect(againAt - mailshot.now()).toBeLessThanOrEqual(63 * minute)
    expect(await from('203.0.113.8')).toBeUndefined()
    mailshot.clock.set(againAt)
    expect(await from('203.0.113.7')).toBeUndefined()
  })

  it('does not lock out for longer who goes on trying', async () => {
    const { mailshot, from } = await open({ ...none, client: '2/hour' })
    await from('203.0.113.7')
    await from('203.0.113.7')
    const againAt = (await from('203.0.113.7')) ?? 0
    mailshot.clock.advance(30 * minute)
    expect(await from('203.0.113.7')).toBe(againAt)
    mailshot.clock.set(againAt)
    expect(await from('203.0.113.7')).toBeUndefined()
  })

  it('counts a whole network, and of IPv6 the /64 that one client has', async () => {
    const { from } = await open({ ...none, client: '1/hour', network: '3/hour' })
    expect(await from('2001:db8:1:1::1')).toBeUndefined()
    expect(await from('2001:db8:1:1::2')).toBeDefined()
    expect(await from('2001:db8:1:2::1')).toBeUndefined()
    expect(await from('2001:db8:1:3::1')).toBeDefined()
    expect(await from('2001:db8:2:3::1')).toBeUndefined()
  })

  it('counts one mail address however it is written, and one domain', async () => {
    const { about } = await open({ ...none, address: '1/hour', domain: '3/hour' })
    expect(await about('Zoe@Example.org')).toBeUndefined()
    expect(await about(' zoe@example.ORG')).toBeDefined()
    expect(await about('ana@example.org')).toBeUndefined()
    expect(await about('bob@example.org')).toBeDefined()
    expect(await about('bob@example.net')).toBeUndefined()
  })

  it('counts the tags of one mailbox together, and the spellings that Gmail takes for one', async () => {
    const { about } = await open({ ...none, address: '1/hour' })
    expect(await about('zoe+news@example.org')).toBeUndefined()
    expect(await about('zoe@example.org')).toBeDefined()
    expect(await about('z.oe@example.org')).toBeUndefined()
    expect(await about('a.na+1@gmail.com')).toBeUndefined()
    expect(await about('An.A@googlemail.com')).toBeDefined()
    expect(await about('+plus@example.org')).toBeUndefined()
    expect(await about('+other@example.org')).toBeUndefined()
  })

  it('counts everybody whom one form is about', async () => {
    const { about } = await open({ ...none, address: '1/hour', domain: '3/hour' })
    expect(await about('zoe@example.org', 'ana@example.org')).toBeUndefined()
    expect(await about('new@example.net', 'ana@example.org')).toBeDefined()
    expect(await about('bob@example.org', 'eve@example.org')).toBeDefined()
    expect(await about('new@example.com', 'eve@example.com')).toBeUndefined()
  })

  it('counts nothing of a client while its address is not known, but all the rest', async () => {
    const { mailshot } = await open({ ...none, client: '1/hour', site: '2/hour' }, {})
    const sent = () => countAttempt(mailshot, { request: requestFrom('203.0.113.7') })
    expect([await sent(), await sent()]).toEqual([undefined, undefined])
    expect(await sent()).toBeDefined()
  })

  it('lets everything through, and stores nothing, where all limits are off', async () => {
    const { mailshot, from } = await open(none)
    expect(await from('203.0.113.7')).toBeUndefined()
    expect(await mailshot.db.all(sql`SELECT * FROM attempts`)).toEqual([])
  })

  it('holds for all processes at once, exactly', async () => {
    const { mailshot } = await open({ ...none, site: '5/hour' })
    const other = await openMailshot(mailshot.config, { log: mailshot.log, clock: mailshot.clock })
    const request = requestFrom('203.0.113.7')
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        countAttempt(index % 2 === 0 ? mailshot : { ...mailshot, db: other.db }, { request }),
      ),
    )
    await other.close()
    expect(answers.filter((againAt) => againAt === undefined)).toHaveLength(5)
  })

  it('stores neither an address of a client nor one of a reader, and forgets what is over', async () => {
    const { mailshot, from } = await open({ client: '9/hour', address: '9/hour', site: '9/day' })
    await from('203.0.113.7', 'zoe@example.org')
    const rows = await mailshot.db.all<{ key: string }>(sql`SELECT key FROM attempts`)
    expect(rows).toHaveLength(5)
    expect(rows.every(({ key }) => /^[\w-]{22}$/.test(key))).toBe(true)
    mailshot.clock.advance(2 * 60 * minute)
    await purgeAttempts(mailshot)
    expect(await mailshot.db.all(sql`SELECT key FROM attempts`)).toHaveLength(1)
    mailshot.clock.advance(2 * 24 * 60 * minute)
    await purgeAttempts(mailshot)
    expect(await mailshot.db.all(sql`SELECT key FROM attempts`)).toEqual([])
  })
})

describe('networkOf', () => {
  it('writes a network in one way, however the address is written', () => {
    expect(networkOf('203.0.113.77', 24)).toBe('203.0.113/24')
    expect(networkOf('2001:0DB8:0001::7', 48)).toBe('2001:db8:1/48')
    expect(networkOf('2001:db8:1:0:0:0:0:7', 64)).toBe('2001:db8:1:0/64')
    expect(networkOf('::1', 48)).toBe('0:0:0/48')
  })
})

async function open(
  limits: NonNullable<MailshotConfigInput['abuse']>['limits'],
  settings: Partial<MailshotConfigInput> = { proxies: [] },
) {
  const mailshot = await openTestMailshot({ abuse: { limits }, ...settings })
  return {
    mailshot,
    from: (peer: string, email?: string) =>
      countAttempt(mailshot, {
        request: requestFrom(peer),
        emails: email === undefined ? [] : [email],
      }),
    about: (...emails: string[]) =>
      countAttempt(mailshot, { request: requestFrom(undefined), emails }),
  }
}

function requestFrom(peer: string | undefined): Request {
  const request = new Request('https://example.org/mailshot/subscribe', { method: 'POST' })
  notePeer(request, peer)
  return request
}
