import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { holdBurstStatements } from '../integrations/mailshot/abuse/burst.ts'
import { personOf, placesOf } from '../integrations/mailshot/import/person.ts'
import { writeSlice } from '../integrations/mailshot/import/slice.ts'
import { unsyncedStatement } from '../integrations/mailshot/list/alarm.ts'
import {
  findByFormerAddress,
  presentAddresses,
} from '../integrations/mailshot/subscriber/addresses.ts'
import { forgetReturned } from '../integrations/mailshot/suppression/returned.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { plansOf } from './plan.ts'

describe('a table in which millions of rows may stand', () => {
  it('is not walked to see what the operator was told', async () => {
    const mailshot = await openTestMailshot()
    const plans = await plansOf(mailshot, async ({ db }) => {
      await db.write(...(await holdBurstStatements(mailshot, { subscriberId: 1, source: 'form' })))
      await db.write(unsyncedStatement(mailshot, 'weekly', 'no answer'))
    })
    expect(plans.join('\n')).toContain('letters_alarms (created_at>?)')
    expect(plans).not.toContain('SCAN letters')
  })

  it('is not walked to find who had an address before', async () => {
    const mailshot = await openTestMailshot()
    const plans = await plansOf(mailshot, (watched) =>
      findByFormerAddress(watched, 'old@example.org'),
    )
    expect(plans).toEqual([
      expect.stringContaining('SEARCH a USING INDEX audit_former_address'),
      expect.stringContaining('SEARCH s USING INTEGER PRIMARY KEY'),
    ])
  })

  it('is not walked for each who may come in by an address of before', async () => {
    const mailshot = await openTestMailshot()
    const plans = await plansOf(mailshot, async (watched) => {
      await presentAddresses(watched, ['old@example.org'])
      const row = { email: 'old@example.org', lists: ['weekly'] }
      const { person } = personOf(watched.config, row, placesOf(row))
      await writeSlice(watched, person ? [person] : [], 'people.csv')
    })
    expect(
      plans.filter((plan) => plan.startsWith('SEARCH a USING INDEX audit_former')),
    ).toHaveLength(2)
    expect(plans.filter((plan) => /SCAN (?:a|s|audit|subscribers)\b/.test(plan))).toEqual([])
  })

  it('is not walked for each who has come back after leaving another system', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    await mailshot.db.write(
      sql`INSERT INTO consents (subscriber_id, list_id, at, source, confirmed_at) VALUES (1, 'weekly', 1, 'form', 1)`,
      sql`INSERT INTO suppressed_hashes (kind, hash, reason, at) VALUES ('md5', 'x', 'unsubscribe', 1)`,
    )
    const plans = await plansOf(mailshot, (watched) => forgetReturned(watched, 0))
    expect(plans.join('\n')).toContain('SEARCH h USING')
    expect(plans).not.toContain('SCAN h')
  })
})
