import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { auditStatement, findAudit } from '../integrations/mailshot/audit.ts'
import { openTestMailshot } from './open-test-mailshot.ts'

const entry = {
  actor: 'command',
  action: 'suppress',
  subject: 'address:zoe@example.org',
  detail: { reason: 'manual', note: "l'été" },
}

describe('auditStatement', () => {
  it('notes who did what, to what, and when', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(auditStatement(mailshot, entry))
    expect(await findAudit(mailshot, entry.subject)).toEqual([{ at: mailshot.now(), ...entry }])
  })

  it('notes nothing when its condition does not hold', async () => {
    const mailshot = await openTestMailshot()
    await mailshot.db.write(auditStatement(mailshot, { ...entry, when: sql`1 > 2` }))
    expect(await findAudit(mailshot, entry.subject)).toEqual([])
  })
})

describe('findAudit', () => {
  it('answers the lines of the subjects asked for, oldest first', async () => {
    const mailshot = await openTestMailshot()
    for (const subject of ['list:a', 'list:b', 'list:c', 'list:a']) {
      mailshot.clock.advance(1000)
      await mailshot.db.write(auditStatement(mailshot, { ...entry, subject }))
    }
    const lines = await findAudit(mailshot, 'list:a', 'list:c')
    expect(lines.map((line) => line.subject)).toEqual(['list:a', 'list:c', 'list:a'])
  })
})
