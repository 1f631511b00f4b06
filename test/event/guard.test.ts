import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { openTally } from '../../integrations/mailshot/deliver/tally.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { openGuard } from '../../integrations/mailshot/event/guard.ts'
import { composeLetter, type Letter } from '../../integrations/mailshot/letter/compose.ts'
import { readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { runningSend } from '../running-send.ts'
import { startFixture } from '../start-fixture.ts'

const day = 86_400_000

describe('the guard', () => {
  it('pauses a send of which 5 % bounced for good, says why, and tells the operator in their language', async () => {
    const world = await mailed(100)
    await bounce(world, 4)
    expect(await statusAfterLook(world)).toBe('running')
    await bounce(world, 5)
    expect(await statusAfterLook(world)).toBe('paused')
    expect((await readSend(world.mailshot, 's1')).reason).toBe(
      'guard: 5 of 100 (5 %) were refused for good; the limit is 5 %',
    )
    const [mail] = await alarms(world.mailshot)
    expect(mail?.subject).toBe('Envoi suspendu, à regarder : june')
    expect(plain(mail?.text)).toContain('5 messages sur 100 (5 %) ont été refusés définitivement')
    expect(mail?.text).toContain('mailshot resume s1')
  })

  it('tells it once, of however many workers see it', async () => {
    const world = await mailed(100)
    await bounce(world, 5)
    await Promise.all([1, 2, 3].map(() => openGuard(world.mailshot, openTally()).look()))
    expect(await alarms(world.mailshot)).toHaveLength(1)
  })

  it('pauses at 0.3 % of complaints, and warns at 0.1 % while the send goes on', async () => {
    const world = await mailed(1000)
    await report(world, { type: 'complained' }, 1)
    expect(await statusAfterLook(world)).toBe('running')
    expect((await alarms(world.mailshot)).map(({ subject }) => subject)).toEqual([
      'Des plaintes au sujet de june',
    ])
    await report(world, { type: 'complained' }, 2)
    expect(await statusAfterLook(world)).toBe('running')
    await report(world, { type: 'complained' }, 3)
    expect(await statusAfterLook(world)).toBe('paused')
    expect(await alarms(world.mailshot)).toHaveLength(2)
  })

  it('pauses where half of the mails fail, for whatever cause', async () => {
    const world = await mailed(100)
    await world.mailshot.db.write(
      sql`UPDATE recipients SET status = 'failed', settled_at = settled_at + 1 WHERE id <= 30`,
    )
    await report(world, { type: 'bounced', class: 'soft', about: 'other' }, 49, 31)
    expect(await statusAfterLook(world)).toBe('running')
    await report(world, { type: 'bounced', class: 'soft', about: 'other' }, 50, 31)
    expect(await statusAfterLook(world)).toBe('paused')
  })

  it('judges nothing on fewer than a hundred mails: one complaint of three is none', async () => {
    const three = await mailed(3)
    await report(three, { type: 'complained' }, 1)
    await bounce(three, 3)
    expect(await statusAfterLook(three)).toBe('running')
    const most = await mailed(99)
    await bounce(most, 99)
    expect(await statusAfterLook(most)).toBe('running')
    expect(await alarms(most.mailshot)).toEqual([])
  })

  it('pauses again after a resume only when it gets worse by another step', async () => {
    const world = await mailed(100)
    await bounce(world, 5)
    expect(await statusAfterLook(world)).toBe('paused')
    // More comes in before the operator looks.
    await bounce(world, 8)
    await resumeSend(world.mailshot, 's1', { actor: 'test' })
    expect(await statusAfterLook(world)).toBe('running')
    await bounce(world, 9)
    expect(await statusAfterLook(world)).toBe('running')
    await bounce(world, 10)
    expect(await statusAfterLook(world)).toBe('paused')
  })

  it('obeys the config: other limits, other numbers, or never', async () => {
    const strict = await mailed(10, { guard: { least: 10, hardBounces: 20 } })
    await bounce(strict, 2)
    expect(await statusAfterLook(strict)).toBe('paused')
    const lax = await mailed(100, { guard: { hardBounces: false, domainFailures: false } })
    await bounce(lax, 40)
    expect(await statusAfterLook(lax)).toBe('running')
    const never = await mailed(100, { guard: false })
    await bounce(never, 100)
    expect(await statusAfterLook(never)).toBe('running')
  })

  it('pauses a send while a worker mails it', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport, pace: '100/second' })
    await addReaders(mailshot, 400)
    transport.failWhen(({ envelope }) =>
      /reader\d*0@/i.test(envelope.to)
        ? { status: 'rejected', class: 'hard', reason: '550 5.1.1 user unknown' }
        : undefined,
    )
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const { status, reason, remaining } = await readSend(mailshot, send.id)
    expect([status, remaining > 100]).toEqual(['paused', true])
    expect(reason).toMatch(/^guard: \d+ of \d+ \(\d.*\) were refused for good; the limit is 5 %$/)
  })
})

describe('the guard, at the start', () => {
  it('pauses a send by what came back in the thirty days before, until the operator has seen it', async () => {
    const world = await mailed(100)
    await bounce(world, 6)
    await world.mailshot.db.write(sql`UPDATE sends SET status = 'done'`)
    world.mailshot.clock.advance(29 * day)
    const second = await due(world.mailshot, 's2')
    expect(second).toMatchObject({
      status: 'paused',
      pausedFrom: 'scheduled',
      reason: 'guard: 6 of 100 in the last 30 days (6 %) were refused for good; the limit is 5 %',
    })
    const [mail] = await alarms(world.mailshot)
    expect(plain(mail?.text)).toContain('Sur les 30 derniers jours : 6 messages sur 100 (6 %)')
    await resumeSend(world.mailshot, 's2', { actor: 'test' })
    expect((await due(world.mailshot, 's2')).status).toBe('done')
    expect((await due(world.mailshot, 's3')).status).toBe('done')
  })

  it('forgets what is longer ago', async () => {
    const world = await mailed(100)
    await bounce(world, 6)
    await world.mailshot.db.write(sql`UPDATE sends SET status = 'done'`)
    world.mailshot.clock.advance(31 * day)
    expect((await due(world.mailshot, 's2')).status).toBe('done')
  })

  it('counts anew what has been better meanwhile', async () => {
    const world = await mailed(100, { guard: { days: 10 } })
    await bounce(world, 6)
    await world.mailshot.db.write(sql`UPDATE sends SET status = 'done'`)
    expect((await due(world.mailshot, 's2')).status).toBe('paused')
    await resumeSend(world.mailshot, 's2', { actor: 'test' })
    expect((await due(world.mailshot, 's2')).status).toBe('done')
    world.mailshot.clock.advance(11 * day)
    expect((await due(world.mailshot, 's3')).status).toBe('done')
    world.mailshot.clock.advance(-5 * day)
    expect((await due(world.mailshot, 's4')).status).toBe('paused')
  })
})

interface World {
  mailshot: TestMailshot
  reported: Set<string>
}

/** A send that runs still, of which so many were handed over. */
async function mailed(count: number, config: Partial<MailshotConfigInput> = {}): Promise<World> {
  const mailshot = await openTestMailshot(config)
  await addReaders(mailshot, count)
  await runningSend(mailshot, ['weekly'])
  const now = mailshot.now()
  await mailshot.db.write(
    sql`UPDATE recipients SET status = 'sent', in_hand_at = ${now}, settled_at = ${now},
          message_id = '<' || send_id || '.' || id || '@example.org>'`,
    sql`DELETE FROM letters`,
  )
  return { mailshot, reported: new Set() }
}

/** Reports it of all recipients from a number on, up to another; those that were reported count once. */
async function report(
  { mailshot }: World,
  event: Partial<DeliveryEvent>,
  upTo: number,
  from = 1,
): Promise<void> {
  const numbers = Array.from({ length: upTo - (from === 1 ? 0 : 30) }, (_, index) => index + from)
  const { type = 'bounced' } = event
  const events = numbers
    .filter((number) => number < from + upTo)
    .map((number) => ({
      type,
      word: type,
      at: mailshot.now(),
      messageId: `<s1.${number}@example.org>`,
      recipient: `reader${number}@example.net`,
      raw: null,
      ...event,
    }))
  await recordEvents(mailshot, 'memory', events)
}

async function bounce(world: World, upTo: number): Promise<void> {
  await report(world, { type: 'bounced', class: 'hard', about: 'mailbox' }, upTo)
}

async function statusAfterLook(world: World): Promise<string> {
  await openGuard(world.mailshot, openTally()).look()
  return (await readSend(world.mailshot, 's1')).status
}

/** Makes a send that is due, unless there is one, and tends it. */
async function due(mailshot: TestMailshot, id: string) {
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
        VALUES (${id}, ${id}, ${id}, 'h1', '["product"]', ${id}, 'first', 'scheduled', ${now}, ${now}) ON CONFLICT DO NOTHING`,
  )
  while (await tendSends(mailshot, () => 'ready'));
  return readSend(mailshot, id)
}

async function alarms(mailshot: TestMailshot) {
  const rows = await mailshot.db.all<Omit<Letter, 'values'> & { values: string }>(
    sql`SELECT id, kind, email, lang, "values", tries, created_at AS createdAt FROM letters
        WHERE "values" ->> 'event' = 'guarded' ORDER BY id`,
  )
  return Promise.all(
    rows.map((row) => composeLetter(mailshot, { ...row, values: JSON.parse(row.values) })),
  )
}

/** Without the spaces that French sets before its signs. */
function plain(text = ''): string {
  return text.replace(/\s/g, ' ')
}
