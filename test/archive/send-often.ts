import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { markdown } from '../campaign-folder.ts'
import { startCampaign } from '../sent-campaign.ts'

/** The same letter, sent as `n01`, `n02` and so on, a day apart: written into the tables, since mailing is not the point. */
export async function sendOften(mailshot: Mailshot, times: number): Promise<void> {
  await startCampaign(mailshot, { 'n00.md': markdown('Bonjour') })
  const numbers = JSON.stringify(Array.from({ length: times }, (_, index) => index + 1))
  const day = 86_400_000
  await mailshot.db.write(
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at, started_at, sent)
        SELECT 's' || value, printf('n%02d', value), content_hash, snapshot, lists, 'k' || value, audience, 'done',
          created_at + value * ${day}, created_at + value * ${day}, created_at + value * ${day}, 1
        FROM sends, json_each(${numbers}) WHERE slug = 'n00'`,
    sql`DELETE FROM sends WHERE slug = 'n00'`,
  )
}
