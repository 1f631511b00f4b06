import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../integrations/mailshot/event.ts'
import { monthsBefore, planPurge, purge } from '../integrations/mailshot/purge.ts'
import { countPlan } from '../integrations/mailshot/purge/count.ts'
import { tendPurge } from '../integrations/mailshot/purge/tend.ts'
import { listSends, readSend } from '../integrations/mailshot/send.ts'
import { listTrash } from '../integrations/mailshot/send/read.ts'
import { planResend } from '../integrations/mailshot/send/resend.ts'
import { readStatistics } from '../integrations/mailshot/send/statistics.ts'
import { archiveSend, restoreSend, trashSend } from '../integrations/mailshot/send/trash.ts'
import { markdown } from './campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendCampaign, startCampaign } from './sent-campaign.ts'
import { eventOf } from './sent-mails.ts'

const day = 86_400_000
const by = { actor: 'test' }

/** A send a month, the last one today, each to so many readers who opened it. */
async function monthlySends(count: number, config = {}) {
  const mailshot = await openTestMailshot(config)
  await addReaders(mailshot, 2)
  const ids: string[] = []
  for (let month = 1; month <= count; month += 1) {
    if (month > 1) mailshot.clock.advance(32 * day)
    const { id } = await sendCampaign(mailshot, { [`m${month}.md`]: markdown(`Mois ${month}`) })
    await recordEvents(mailshot, 'relay', [
      eventOf({ type: 'opened', at: mailshot.now(), ourId: `${id}.0` }),
      eventOf({ type: 'delivered', at: mailshot.now(), recipient: 'nobody@example.com' }),
    ])
    ids.push(id)
  }
  return { mailshot, ids }
}

async function detailsOf(mailshot: TestMailshot) {
  const rows = await mailshot.db.all<{ slug: string; recipients: number; events: number }>(sql`
    SELECT slug, (SELECT count(*) FROM recipients WHERE send_id = s.id) AS recipients,
      (SELECT count(*) FROM events WHERE send_id = s.id) AS events FROM sends AS s ORDER BY slug`)
  return Object.fromEntries(rows.map((row) => [row.slug, row.recipients + row.events]))
}

describe('purge', () => {
  it('deletes the details of sends that ended before so many months, and keeps what was counted', async () => {
    const { mailshot, ids } = await monthlySends(4)
    const before = await readStatistics(mailshot, ids[0] ?? '')
    const gone = await purge(mailshot, await planPurge(mailshot, 2), by)
    expect(await detailsOf(mailshot)).toEqual({ m1: 0, m2: 0, m3: 3, m4: 3 })
    // Events about no send of that age go too.
    expect(gone).toEqual({ recipients: 4, events: 4, isDone: true })
    const after = await readStatistics(mailshot, ids[0] ?? '')
    expect(after).toEqual({ ...before, purgedAt: expect.any(String) })
    expect(await readSend(mailshot, 'm1')).toMatchObject({ status: 'done', sent: 2, total: 2 })
  })

  it('never takes the latest send, however old it is', async () => {
    const { mailshot } = await monthlySends(2)
    mailshot.clock.advance(3000 * day)
    await purge(mailshot, await planPurge(mailshot, 1), by)
    expect(await detailsOf(mailshot)).toEqual({ m1: 0, m2: 3 })
  })

  it('never takes the latest send to lists either, where a mail to one person came after it', async () => {
    const { mailshot, ids } = await monthlySends(3)
    await mailshot.db.write(sql`UPDATE sends SET only_to = 'a@x.example' WHERE id = ${ids[2]}`)
    mailshot.clock.advance(3000 * day)
    expect((await planPurge(mailshot, 1)).sends.map(({ slug }) => slug)).toEqual(['m1'])
  })

  it('takes nothing by age where the settings name no months', async () => {
    const { mailshot } = await monthlySends(3)
    expect(await planPurge(mailshot)).toEqual({ sends: [], before: null, hasOthers: false })
  })

  it('leaves a send alone that has not ended', async () => {
    const { mailshot, ids } = await monthlySends(3)
    await mailshot.db.write(sql`UPDATE sends SET status = 'paused' WHERE id = ${ids[0]}`)
    expect((await planPurge(mailshot, 1)).sends.map(({ slug }) => slug)).toEqual(['m2'])
  })

  it('only tells before it is carried out', async () => {
    const { mailshot } = await monthlySends(3)
    const plan = await planPurge(mailshot, 1)
    expect(await countPlan(mailshot, plan)).toMatchObject({
      sends: [
        { slug: 'm1', recipients: 2, events: 1, isTrash: false },
        { slug: 'm2', recipients: 2, events: 1 },
      ],
      others: 2,
    })
    expect(await detailsOf(mailshot)).toEqual({ m1: 3, m2: 3, m3: 3 })
  })

  it('can be broken off, and goes on later where it was', async () => {
    const { mailshot } = await monthlySends(3)
    const plan = await planPurge(mailshot, 1)
    await purge(mailshot, plan, { ...by, signal: AbortSignal.abort() })
    expect(await detailsOf(mailshot)).toEqual({ m1: 3, m2: 3, m3: 3 })
    expect((await planPurge(mailshot)).sends.map(({ slug }) => slug)).toEqual(['m1', 'm2'])
    await purge(mailshot, await planPurge(mailshot), by)
    expect(await detailsOf(mailshot)).toEqual({ m1: 0, m2: 0, m3: 3 })
  })

  it('goes slice by slice, and lets others have the database in between', async () => {
    const { mailshot } = await monthlySends(2)
    await mailshot.db
      .write(sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status)
      SELECT s.id, value, 'r' || value || '@x.example', '', '[]', 'skipped' FROM sends AS s,
        json_each(${JSON.stringify(Array.from({ length: 1200 }, (_, at) => at))}) WHERE s.slug = 'm1'`)
    const left: number[] = []
    const sleep = async (ms: number) => {
      expect(ms).toBeGreaterThan(0)
      left.push((await detailsOf(mailshot))['m1'] ?? 0)
    }
    await purge({ ...mailshot, sleep }, await planPurge(mailshot, 1), by)
    expect(left.length).toBeGreaterThanOrEqual(2)
    expect(left[0]).toBeGreaterThan(100)
    expect(left.at(-1)).toBe(0)
  })

  it('leaves a line in the audit for each send, once', async () => {
    const { mailshot, ids } = await monthlySends(2)
    await purge(mailshot, await planPurge(mailshot, 1), by)
    await purge(mailshot, await planPurge(mailshot, 1), by)
    const lines = await mailshot.db.all(
      sql`SELECT actor, subject, detail FROM audit WHERE action = 'purge'`,
    )
    const detail = expect.stringMatching(/^\{"before":"2026-11-2/)
    expect(lines).toEqual([{ actor: 'test', subject: `send:${ids[0]}`, detail }])
  })

  it('is done by a worker once a day, a slice at a time, where the settings ask for it', async () => {
    const { mailshot } = await monthlySends(3, { keepDetails: { months: 1 } })
    mailshot.clock.advance(2 * day)
    for (let turn = 0; turn < 4; turn += 1) await tendPurge(mailshot)
    expect(await detailsOf(mailshot)).toEqual({ m1: 0, m2: 0, m3: 3 })
  })
})

describe('a send whose details are gone', () => {
  it('is not mailed again to who has not got it, since nobody knows who that is', async () => {
    const { mailshot } = await monthlySends(2)
    await archiveSend(mailshot, 'm1', by)
    const files = { 'm1.md': markdown('Autre') }
    await expect(startCampaign(mailshot, files, { audience: 'again' })).rejects.toThrow(
      /who got it by send \w+ was purged.*--resend-all/,
    )
    await expect(planResend(mailshot, 'm1', { statuses: ['failed'] })).rejects.toThrow(/was purged/)
    expect(await startCampaign(mailshot, files, { audience: 'all' })).toMatchObject({ slug: 'm1' })
  })

  it('still answers its trigger, and mails nobody', async () => {
    const { mailshot, ids } = await monthlySends(2)
    await archiveSend(mailshot, 'm1', by)
    await trashSend(mailshot, 'm1', by)
    expect((await startCampaign(mailshot, { 'm1.md': markdown('Mois 1') })).id).toBe(ids[0])
  })
})

describe('archiveSend', () => {
  it('deletes the details of the latest send too, by hand', async () => {
    const { mailshot } = await monthlySends(1)
    expect(await archiveSend(mailshot, 'm1', by)).toMatchObject({
      send: { purgedAt: expect.any(Number), sent: 2 },
      isDone: true,
    })
    expect(await detailsOf(mailshot)).toEqual({ m1: 0 })
  })

  it('breaks off when somebody waits, and goes on when asked again', async () => {
    const { mailshot } = await monthlySends(1)
    const first = await archiveSend(mailshot, 'm1', { ...by, workMs: 0 })
    expect(first).toMatchObject({ send: { purgedAt: expect.any(Number) }, isDone: false })
    expect(await detailsOf(mailshot)).toEqual({ m1: 3 })
    expect(await archiveSend(mailshot, 'm1', by)).toMatchObject({ isDone: true })
    expect(await detailsOf(mailshot)).toEqual({ m1: 0 })
  })

  it('refuses a send that has not ended', async () => {
    const { mailshot } = await monthlySends(1)
    await startCampaign(mailshot, { 'x.md': markdown('x') })
    await expect(archiveSend(mailshot, 'x', by)).rejects.toThrow(
      /is scheduled.*only when it has ended/,
    )
    await expect(trashSend(mailshot, 'x', by)).rejects.toThrow(/mailshot cancel/)
  })
})

describe('the trash', () => {
  const slugs = (sends: { slug: string }[]) => sends.map(({ slug }) => slug)

  it('hides a send from the lists until it is restored', async () => {
    const { mailshot } = await monthlySends(2)
    await trashSend(mailshot, 'm1', by)
    expect(slugs(await listSends(mailshot))).toEqual(['m2'])
    expect(slugs(await listTrash(mailshot))).toEqual(['m1'])
    await restoreSend(mailshot, 'm1', by)
    expect(slugs(await listSends(mailshot))).toEqual(['m2', 'm1'])
    expect(await detailsOf(mailshot)).toEqual({ m1: 3, m2: 3 })
  })

  it('is emptied after 30 days, counters and all; that it was sent stays known', async () => {
    const { mailshot, ids } = await monthlySends(2)
    await trashSend(mailshot, 'm1', by)
    mailshot.clock.advance(29 * day)
    expect((await planPurge(mailshot)).sends).toEqual([])
    mailshot.clock.advance(day)
    await purge(mailshot, await planPurge(mailshot), by)
    expect(await detailsOf(mailshot)).toEqual({ m1: 0, m2: 3 })
    const counters = sql`SELECT DISTINCT send_id AS id FROM send_counts`
    expect(await mailshot.db.all(counters)).toEqual([{ id: ids[1] }])
    await expect(readStatistics(mailshot, 'm1')).rejects.toThrow(
      /the trash, which was emptied|was emptied/,
    )
    await expect(restoreSend(mailshot, 'm1', by)).rejects.toThrow(/is gone/)
    expect(await listTrash(mailshot)).toEqual([])
    expect((await startCampaign(mailshot, { 'm1.md': markdown('Mois 1') })).id).toBe(ids[0])
  })
})

describe('monthsBefore', () => {
  it('answers the same day, or the last of a shorter month', () => {
    const at = (text: string) => Date.parse(`${text}T10:00:00Z`)
    expect(monthsBefore(at('2026-03-31'), 1)).toBe(at('2026-02-28'))
    expect(monthsBefore(at('2026-01-15'), 2)).toBe(at('2025-11-15'))
    expect(monthsBefore(at('2028-02-29'), 12)).toBe(at('2027-02-28'))
  })
})
