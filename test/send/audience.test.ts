import { sql } from 'drizzle-orm/sql'
import { expect, it } from 'vitest'
import { selectedSubscribers } from '../../integrations/mailshot/send/audience.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

it('selects a slice of a list without walking the rest of it', async () => {
  const { db } = await openTestMailshot()
  const query = selectedSubscribers({
    lists: ['weekly'],
    until: 1,
    slice: { above: 10, upTo: 20 },
  })
  const plan = await db.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${query}`)
  const subscriptions = plan.find(({ detail }) => /\bp USING\b/.test(detail))
  expect(subscriptions?.detail).toContain('subscriber_id>? AND subscriber_id<?')
})
