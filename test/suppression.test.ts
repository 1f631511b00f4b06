import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../integrations/mailshot/audit.ts'
import {
  findSuppression,
  isSuppressed,
  lift,
  listSuppressions,
  suppress,
  suppressStatement,
} from '../integrations/mailshot/suppression.ts'
import { openTestMailshot } from './open-test-mailshot.ts'

const byHand = { reason: 'manual', actor: 'command' } as const

describe('suppress', () => {
  it('suppresses an address in every way of writing it, and says who did', async () => {
    const mailshot = await openTestMailshot()
    const done = await suppress(mailshot, 'Zoe@Example.ORG', { ...byHand, note: 'asked by phone' })
    expect(done).toEqual({
      changed: true,
      suppression: {
        email: 'zoe@example.org',
        reason: 'manual',
        note: 'asked by phone',
        at: mailshot.now(),
      },
    })
    expect(await isSuppressed(mailshot, ' ZOE@example.org')).toBe(true)
    expect(await findAudit(mailshot, 'address:zoe@example.org')).toMatchObject([
      {
        actor: 'command',
        action: 'suppress',
        detail: { reason: 'manual', note: 'asked by phone' },
      },
    ])
  })

  it('changes nothing the second time, and notes it once', async () => {
    const mailshot = await openTestMailshot()
    const first = await suppress(mailshot, 'zoe@example.org', byHand)
    mailshot.clock.advance(1000)
    const second = await suppress(mailshot, 'zoe@example.org', { ...byHand, note: 'again' })
    expect(second).toEqual({ changed: false, suppression: first.suppression })
    expect(await findAudit(mailshot, 'address:zoe@example.org')).toHaveLength(1)
  })

  it('replaces a weaker reason by a stronger one, never the other way round', async () => {
    const mailshot = await openTestMailshot()
    const reasons = ['hard-bounce', 'unsubscribe', 'complaint', 'manual', 'hard-bounce'] as const
    const kept: string[] = []
    for (const reason of reasons) {
      const done = await suppress(mailshot, 'zoe@example.org', { reason, actor: 'event' })
      kept.push(done.suppression.reason)
    }
    expect(kept).toEqual(['hard-bounce', 'hard-bounce', 'complaint', 'complaint', 'complaint'])
  })

  it('refuses what is not an address', async () => {
    const mailshot = await openTestMailshot()
    await expect(suppress(mailshot, 'zoe', byHand)).rejects.toThrow(
      '"zoe" is not an e-mail address; write it like name@example.org',
    )
  })
})

describe('suppressStatement', () => {
  it('does nothing for an expression that finds no address', async () => {
    const mailshot = await openTestMailshot()
    const email = sql`(SELECT email FROM subscribers WHERE id = 99)`
    await mailshot.db.write(suppressStatement(mailshot, { email, reason: 'unsubscribe' }))
    expect(await listSuppressions(mailshot)).toEqual([])
  })
})

describe('lift', () => {
  it('lifts a suppression, answers what it was, and says who did', async () => {
    const mailshot = await openTestMailshot()
    const { suppression } = await suppress(mailshot, 'zoe@example.org', byHand)
    expect(await lift(mailshot, 'ZOE@example.org', { actor: 'command' })).toEqual(suppression)
    expect(await isSuppressed(mailshot, 'zoe@example.org')).toBe(false)
    const lines = await findAudit(mailshot, 'address:zoe@example.org')
    expect(lines.map((line) => line.action)).toEqual(['suppress', 'lift'])
  })

  it('answers nothing, and notes nothing, for an address that was not suppressed', async () => {
    const mailshot = await openTestMailshot()
    expect(await lift(mailshot, 'zoe@example.org', { actor: 'command' })).toBeUndefined()
    expect(await findAudit(mailshot, 'address:zoe@example.org')).toEqual([])
  })
})

describe('findSuppression', () => {
  it('answers nothing for what is not an address', async () => {
    const mailshot = await openTestMailshot()
    expect(await findSuppression(mailshot, 'zoe')).toBeUndefined()
  })
})

describe('listSuppressions', () => {
  it('gives all of them in pages, by address', async () => {
    const mailshot = await openTestMailshot()
    for (const name of ['eve', 'ada', 'zoe']) {
      await suppress(mailshot, `${name}@example.org`, byHand)
    }
    const first = await listSuppressions(mailshot, { limit: 2 })
    const rest = await listSuppressions(mailshot, { limit: 2, after: 'eve@example.org' })
    expect([...first, ...rest].map(({ email }) => email)).toEqual([
      'ada@example.org',
      'eve@example.org',
      'zoe@example.org',
    ])
  })

  it('gives those of one reason when asked', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, 'ada@example.org', byHand)
    await suppress(mailshot, 'zoe@example.org', { reason: 'complaint', actor: 'event' })
    expect(await listSuppressions(mailshot, { reason: 'complaint' })).toMatchObject([
      { email: 'zoe@example.org' },
    ])
  })
})
