import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { readPersonalData } from '../../integrations/mailshot/subscriber/data.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { eventOf, sentTo } from '../sent-mails.ts'

/** What an export leaves out: keys between tables, and how a mail waits for its turn. */
const leftOut: Record<string, string[]> = {
  subscribers: ['id', 'email'],
  subscriptions: ['subscriber_id', 'list_id'],
  consents: ['id', 'subscriber_id', 'wording'],
  former_ids: ['subscriber_id'],
  recipients: 'id send_id subscriber_id email relay_fault_at lane route claim_id worker_id'.split(
    ' ',
  ),
  events: ['id', 'key', 'email', 'recipient_id', 'send_id', 'letter_id'],
  letters: ['id', 'subscriber_id', 'worker_id', 'relay_fault_at'],
  suppressions: ['email'],
  audit: ['id', 'subject'],
}

const isJson = new Set(['attributes', 'lists', 'active_lists', 'values', 'said', 'detail', 'raw'])

describe('readPersonalData', () => {
  it('holds every column of every table that is about a person', async () => {
    const { mailshot, mails } = await sentTo(1)
    const email = 'reader1@example.net'
    await subscribe(mailshot, { email, lists: ['product'], consent: { source: 'form', form: '/' } })
    await suppress(mailshot, email, { reason: 'manual', actor: 'test' })
    await recordEvents(mailshot, 'relay', [eventOf({ type: 'bounced', ourId: mails[0].ourId })])
    await mailshot.db.write(sql`INSERT INTO former_ids VALUES ('spip', 'x', 1)`)
    const marks: string[] = []
    for (const [table, keys] of Object.entries(leftOut)) {
      const columns = await mailshot.db.all<{ name: string; type: string }>(
        sql`SELECT name, type FROM pragma_table_info(${table})`,
      )
      for (const { name, type } of columns.filter((one) => !keys.includes(one.name))) {
        const mark = type === 'INTEGER' ? 1_000_000_000_000 + marks.length : `${table}.${name}`
        const isTime = /(?:^|_)(?:at|until)$/.test(name)
        marks.push(isTime ? new Date(mark).toISOString() : String(mark))
        const value = isJson.has(name) ? JSON.stringify({ said: mark }) : mark
        await mailshot.db.write(
          sql`UPDATE ${sql.raw(table)} SET ${sql.raw(`"${name}"`)} = ${value}`,
        )
      }
    }
    const data = JSON.stringify(await readPersonalData(mailshot, 1))
    expect(marks.filter((mark) => !data.includes(mark))).toEqual([])
  })
})
