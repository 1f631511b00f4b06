import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { countAudience, readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { openTestMailshot, testConfig, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('a send with a segment', () => {
  it('freezes those of its lists of whom the condition is true, less those who are excluded', async () => {
    const mailshot = await openMixed()
    const { send } = await startFixture(mailshot, 'hello', {
      segment: 'lang = fr or city = Lyon',
      exclude: ['product', 'paris'],
    })
    await frozen(mailshot)
    // Of 8 on weekly: 1 to 4 read French, 5 and 6 live in Lyon; 2 is on product too, 3 lives in Paris.
    expect(await recipients(mailshot, send.id)).toEqual([1, 4, 5, 6])
    expect(send).toMatchObject({
      segment: 'lang = fr or city = Lyon',
      exclude: ['city = Paris', 'list = product'],
    })
  })

  it('keeps its condition as it was when it was started, whatever the settings say later', async () => {
    const mailshot = await openMixed()
    const { send } = await startFixture(mailshot, 'hello', { segment: 'paris' })
    await frozen({
      ...mailshot,
      config: { ...mailshot.config, segments: { paris: 'city = Lyon' } },
    })
    expect(await recipients(mailshot, send.id)).toEqual([3])
  })

  it('is another trigger than one with another segment, and the same however it is written', async () => {
    const mailshot = await openMixed()
    const { send } = await startFixture(mailshot, 'hello', { segment: 'city = Paris' })
    const again = await startFixture(mailshot, 'hello', { segment: ' city="Paris"  ' })
    const named = await startFixture(mailshot, 'hello', { segment: 'paris' })
    expect([again.send.id, named.send.id]).toEqual([send.id, send.id])
    await expect(startFixture(mailshot, 'hello', { segment: 'city = Lyon' })).rejects.toThrow(
      `send ${send.id} of it is scheduled, with other content or readers`,
    )
    await deliver(mailshot, { untilDone: true })
    await expect(startFixture(mailshot, 'hello', { segment: 'city = Lyon' })).rejects.toThrow(
      'it, to weekly (city = Paris), was already sent',
    )
    const rest = await startFixture(mailshot, 'hello', { segment: 'lang = fr', audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(await recipients(mailshot, rest.send.id)).toEqual([1, 2, 4])
    expect(await findAudit(mailshot, `send:${send.id}`)).toMatchObject([
      { action: 'start', detail: { lists: ['weekly'], segment: 'city = Paris' } },
      { action: 'begin', actor: 'mailshot' },
      { action: 'end', actor: 'mailshot' },
    ])
  })

  it('goes to a named subscriber whatever its condition', async () => {
    const mailshot = await openMixed()
    const { send } = await startFixture(mailshot, 'hello', {
      segment: 'city = Lyon',
      onlyTo: 'reader1@example.net',
    })
    await frozen(mailshot)
    expect(await recipients(mailshot, send.id)).toEqual([1])
  })

  it('excludes nobody of whom it is not known', async () => {
    const mailshot = await openMixed()
    await mailshot.db.write(sql`UPDATE subscribers SET tracking_agreed_at = 1 WHERE id <= 2`)
    await sent(mailshot, 'july', [1, 2, 3])
    await mailshot.db.write(
      sql`INSERT INTO events (key, transport, type, word, at, received_at, email, raw, send_id)
          VALUES ('1', 'test', 'opened', '', 1, 1, 'reader1@example.net', '{}', 'july1')`,
    )
    const count = (given: object) => countAudience(mailshot, { ...hello, ...given })
    expect(await count({ segment: 'opened july' })).toEqual({ readers: 1, paused: 0, of: 8 })
    expect(await count({ segment: 'not opened july' })).toEqual({ readers: 1, paused: 0, of: 8 })
    expect(await count({ exclude: ['opened july'] })).toEqual({ readers: 7, paused: 0, of: 8 })
    expect(await count({ segment: 'received july and not opened july' })).toEqual({
      readers: 1,
      paused: 0,
      of: 8,
    })
    await mailshot.db.write(sql`UPDATE subscribers SET tracking_agreed_at = 2 WHERE id = 2`)
    expect(await count({ segment: 'not opened july' })).toMatchObject({ readers: 0 })
    expect(await count({ segment: 'not opened within 90 days' })).toMatchObject({ readers: 2 })
  })

  it('refuses a condition that cannot be read, or asks about what was never sent or is purged', async () => {
    const mailshot = await openMixed()
    const start = (segment: string) => startFixture(mailshot, 'hello', { segment })
    await expect(start('cty = Lyon')).rejects.toThrow(
      'campaign hello: segment: unknown field "cty" (column 1 of: cty = Lyon); did you mean "city"?',
    )
    await expect(startFixture(mailshot, 'hello', { exclude: ['wekly'] })).rejects.toThrow(
      'exclude: "wekly" is neither a list nor a segment (column 1 of: wekly); did you mean "weekly"?',
    )
    await sent(mailshot, 'july', [1])
    await expect(start('not received jully')).rejects.toThrow(
      'it asks who got jully, and nothing was sent by that name; did you mean "july"?',
    )
    await mailshot.db.write(sql`UPDATE sends SET purged_at = 1`)
    await expect(start('not received july')).rejects.toThrow(
      'it asks who got july, and the recipients of its send july1 were purged',
    )
    await expect(start('not received hello')).resolves.toMatchObject({ created: true })
  })

  it('refuses to ask about a time of which it is not known any more who got what', async () => {
    const mailshot = await openMixed()
    const { now } = mailshot
    const day = 86_400_000
    await sent(mailshot, 'july', [1])
    await mailshot.db.write(
      sql`UPDATE sends SET started_at = ${now() - 61 * day}, finished_at = ${now() - 60 * day}, purged_at = 1`,
    )
    const count = (segment: string) => countAudience(mailshot, { ...hello, segment })
    const message =
      'campaign hello: it asks "received within 90 days", and the recipients of july (send july1, ended 2026-09-23 12:00 UTC) ' +
      'were purged; ask about a time after that, or keep details for longer (keepDetails)'
    await expect(count('not received within 90 days')).rejects.toThrow(message)
    await expect(count('not opened')).rejects.toThrow('it asks "opened", and')
    expect(await count('not received within 59 days')).toMatchObject({ readers: 8 })
    expect(await count('received before 2026-09-20')).toMatchObject({ readers: 0 })
    await mailshot.db.write(sql`UPDATE sends SET emptied_at = 1`)
    expect(await count('not received within 90 days')).toMatchObject({ readers: 8 })
  })

  it('pauses where a list is gone from the settings, or who it asks about was purged, since it was planned', async () => {
    const mailshot = await openMixed()
    await sent(mailshot, 'july', [1])
    const planned = { lists: ['weekly', 'product'], segment: 'not received july' }
    const { send } = await startFixture(mailshot, 'hello', planned)
    const { weekly } = mailshot.config.lists
    if (!weekly) throw new Error('the test config has a list weekly')
    await frozen({ ...mailshot, config: { ...mailshot.config, lists: { weekly } } })
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'paused',
      reason:
        'its readers cannot be selected: its list product is not in mailshot.config.ts any more: put it back, or cancel the send',
    })
    await mailshot.db.write(sql`UPDATE sends SET purged_at = 1 WHERE slug = 'july'`)
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await frozen(mailshot)
    const { status, total, reason } = await readSend(mailshot, send.id)
    expect({ status, total }).toEqual({ status: 'paused', total: 0 })
    expect(reason).toContain('the recipients of its send july1 were purged')
  })

  it('pauses and says why when a field that it names is gone from the settings', async () => {
    const mailshot = await openMixed()
    const { send } = await startFixture(mailshot, 'hello', { segment: 'city = Lyon' })
    const without = testConfig({ fields: {} }, '/unused')
    await frozen({ ...mailshot, config: { ...mailshot.config, fields: without.fields } })
    const paused = await readSend(mailshot, send.id)
    expect(paused).toMatchObject({ status: 'paused', total: 0 })
    expect(paused.reason).toContain('its readers cannot be selected: segment: unknown field "city"')
    expect(await mailshot.db.all(sql`SELECT "values" ->> 'event' AS event FROM letters`)).toEqual([
      { event: 'paused' },
    ])
  })
})

const hello = { slug: 'hello', hash: 'h', lists: ['weekly'] }

/** Eight readers of `weekly`, who live in Toulouse where nothing else is said. */
async function openMixed(): Promise<TestMailshot> {
  const mailshot = await openTestMailshot({
    segments: { paris: 'city = Paris' },
    tracking: { individual: true },
  })
  await addReaders(mailshot, 8)
  await addReaders(mailshot, 1, { from: 2, list: 'product' })
  await mailshot.db.write(
    sql`UPDATE subscribers SET lang = 'en' WHERE id > 4`,
    sql`UPDATE subscribers SET attributes = '{"city":"Lyon"}' WHERE id IN (5, 6)`,
    sql`UPDATE subscribers SET attributes = '{"city":"Paris"}' WHERE id = 3`,
  )
  return mailshot
}

async function frozen(mailshot: TestMailshot): Promise<void> {
  while (await tendSends(mailshot, () => 'ready'));
}

async function recipients(mailshot: TestMailshot, sendId: string): Promise<number[]> {
  const rows = await mailshot.db.all<{ id: number }>(
    sql`SELECT subscriber_id AS id FROM recipients WHERE send_id = ${sendId} ORDER BY subscriber_id`,
  )
  return rows.map(({ id }) => id)
}

async function sent(mailshot: TestMailshot, slug: string, ids: number[]): Promise<void> {
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES (${slug}, ${slug}, '{}', 1)`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at, started_at, finished_at)
        VALUES (${`${slug}1`}, ${slug}, ${slug}, ${slug}, '["weekly"]', ${slug}, 'first', 'done', 1, 1, 1, 1)`,
    sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status)
        SELECT ${`${slug}1`}, id, email, written, '["weekly"]', 'sent' FROM subscribers
        WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
  )
}
