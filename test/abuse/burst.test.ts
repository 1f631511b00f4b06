import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { dropHeld, releaseHeld } from '../../integrations/mailshot/abuse/burst.ts'
import { tendAbuse } from '../../integrations/mailshot/abuse/tend.ts'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { renewConfirmation } from '../../integrations/mailshot/subscriber/renew.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { confirmationToken } from '../subscriber/zoe.ts'

const minute = 60_000
const hour = 60 * minute

describe('a burst of sign-ups', () => {
  it('has its confirmations held, and the operator told once', async () => {
    const { ask, mailed } = await open()
    await ask('a', 'b', 'c', 'd', 'e')
    const mails = await mailed()
    expect(mails.map(({ to }) => to).toSorted()).toEqual([
      'a@example.org',
      'b@example.org',
      'c@example.org',
      'operator@example.org',
    ])
    const alarm = mails.find(({ to }) => to === 'operator@example.org')
    expect(alarm?.subject).toBe(
      'Beaucoup d’inscriptions d’un coup\u00a0: leurs confirmations sont retenues',
    )
    expect(alarm?.text).toMatch(/3 personnes[^]*mailshot letters release/)
  })

  it('lets its confirmations go by themselves, once no more people sign up than usual', async () => {
    const { mailshot, ask, mailed } = await open()
    await ask('a', 'b', 'c', 'd')
    await mailed()
    mailshot.clock.advance(hour + minute)
    expect((await mailed()).map(({ to }) => to)).toEqual(['d@example.org'])
    const audit = await mailshot.db.all(
      sql`SELECT actor, action, detail FROM audit WHERE subject = 'letters:held'`,
    )
    expect(audit).toEqual([
      { actor: 'mailshot', action: 'hold', detail: '{"perHour":3}' },
      { actor: 'mailshot', action: 'release', detail: '{"count":1}' },
    ])
    await ask('e')
    expect((await mailed()).map(({ to }) => to)).toEqual(['e@example.org'])
  })

  it('waits for the operator’s word where the site wants that', async () => {
    const { mailshot, ask, mailed, held } = await open({ release: false })
    await ask('a', 'b', 'c', 'd')
    await mailed()
    mailshot.clock.advance(25 * hour)
    expect(await mailed()).toEqual([])
    expect(await held()).toEqual(['d@example.org'])
  })

  it('is mailed at the operator’s word, and so is who follows', async () => {
    const { mailshot, ask, mailed } = await open()
    await ask('a', 'b', 'c', 'd', 'e')
    await mailed()
    expect(await releaseHeld(mailshot, 'command')).toBe(2)
    await ask('f')
    expect((await mailed()).map(({ to }) => to)).toEqual([
      'd@example.org',
      'e@example.org',
      'f@example.org',
    ])
  })

  it('is one of invitations and of renewed links, too', async () => {
    const { mailshot, ask, mailed, held } = await open()
    await ask('a', 'b')
    await mailed()
    const confirmation = await confirmationToken(mailshot)
    mailshot.clock.advance(15 * 24 * hour)
    await ask('c', 'd')
    const consent = { source: 'form' } as const
    const inviting = { invitedBy: 1, confirmation: 'always', consent } as const
    for (const email of ['guest1@example.org', 'guest2@example.org']) {
      await subscribe(mailshot, { ...inviting, email, lists: ['weekly'] })
    }
    expect(await held()).toEqual(['guest2@example.org'])
    await renewConfirmation(mailshot, confirmation, consent)
    expect(await held()).toEqual(['guest2@example.org', 'b@example.org'])
  })

  it('is forgotten at the operator’s word: nobody is mailed', async () => {
    const { mailshot, ask, mailed, held } = await open()
    await ask('a', 'b', 'c', 'd', 'e')
    await mailed()
    expect(await dropHeld(mailshot, 'command')).toBe(2)
    expect(await dropHeld(mailshot, 'command')).toBe(0)
    expect(await releaseHeld(mailshot, 'command')).toBe(0)
    const lines = await findAudit(mailshot, 'letters:held')
    expect(lines.map(({ action }) => action)).toEqual(['hold', 'drop', 'allow-burst'])
    mailshot.clock.advance(2 * hour)
    expect([await held(), await mailed()]).toEqual([[], []])
  })

  it('is measured by what is usual on the site', async () => {
    const { mailshot, ask, held } = await open()
    const [before, many] = [mailshot.now() - 5 * 24 * hour, 28 * 24 * 5]
    await mailshot.db.write(sql`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
      INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
      SELECT 'confirmation', 'x@example.org', 'fr', '{}', 'sent', ${before}, ${before} FROM n`)
    await ask(...Array.from('abcdefghij'))
    expect(await held()).toEqual([])
    await ask('k')
    expect(await held()).toEqual(['k@example.org'])
  })

  it('is none where the operator adds people, or the site wants none held', async () => {
    const { mailshot, held } = await open()
    const lists = ['weekly']
    for (const name of Array.from('abcdef')) {
      await subscribe(mailshot, {
        email: `${name}@example.org`,
        lists,
        consent: { source: 'command' },
      })
    }
    expect(await held()).toEqual([])
    const off = await open(false)
    await off.ask(...Array.from('abcdef'))
    expect(await off.held()).toEqual([])
  })
})

async function open(burst: NonNullable<MailshotConfigInput['abuse']>['burst'] = {}) {
  const transport = memory()
  const given = burst === false ? burst : { least: 3, times: 2, ...burst }
  const mailshot = await openTestMailshot({ transport, abuse: { burst: given } })
  let seen = 0
  return {
    mailshot,
    ask: async (...names: string[]) => {
      for (const name of names) {
        await subscribe(mailshot, {
          email: `${name}@example.org`,
          lists: ['weekly'],
          consent: { source: 'form' },
        })
      }
    },
    /** What the worker has mailed since it was last asked. */
    mailed: async () => {
      await tendAbuse(mailshot)
      await deliver(mailshot, { untilDone: true })
      const all = transport.messages.slice(seen)
      seen += all.length
      return all.map(({ to, subject, text }) => ({ to: to.address, subject, text }))
    },
    held: async () => {
      const rows = await mailshot.db.all<{ email: string }>(
        sql`SELECT email FROM letters WHERE status = 'held' ORDER BY id`,
      )
      return rows.map(({ email }) => email)
    },
  }
}
