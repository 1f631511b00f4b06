import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseStart } from '../../integrations/mailshot/campaign/send-time.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { pauseSend, readSend, startSend } from '../../integrations/mailshot/send.ts'
import { csv } from '../../integrations/mailshot/sources/csv.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { deliverUntil, openReceivingSide } from '../pace/receiving-side.ts'
import { addReaders } from '../people.ts'
import { sendingCampaigns } from '../start-fixture.ts'

describe('parseStart', () => {
  it('reads each reader’s own time', () => {
    expect(parseStart('2026-12-01 09:00 local', 'Europe/Paris')).toEqual({
      at: Date.parse('2026-12-01T08:00:00Z'),
      local: '2026-12-01T09:00:00',
    })
  })

  it('refuses a zone beside it', () => {
    expect(parseStart('2026-12-01 09:00 Europe/Paris local', 'UTC')).toEqual({
      wrong: '"2026-12-01 09:00 Europe/Paris local" names a zone, and local is each reader\'s own',
    })
  })
})

describe('a send at the readers’ own time', () => {
  it('reaches each at that hour of their zone, and at once those whose hour has passed', async () => {
    const { mailshot, arrivals } = await openReceivingSide(
      { timeZone: 'Europe/Paris' },
      {
        readers: {
          'tokyo.example': 2,
          'paris.example': 2,
          'new-york.example': 2,
          'nowhere.example': 1,
        },
      },
    )
    await setZone(mailshot, 'tokyo.example', 'Asia/Tokyo')
    await setZone(mailshot, 'paris.example', 'Europe/Paris')
    await setZone(mailshot, 'new-york.example', 'America/New_York')
    await setZone(mailshot, 'nowhere.example', 'Mars/Olympus')
    // It is noon in London: nine in the evening in Tokyo, seven in the morning in New York.
    const { send } = await startAt(mailshot, '2026-11-22 14:00 local')
    const began = mailshot.now()
    for (const hour of [0, 1, 7]) {
      mailshot.clock.set(Math.max(mailshot.now(), began + hour * 3_600_000 - 1000))
      await deliverUntil(mailshot, mailshot.now() + 4000)
    }
    const hours = (domain: string) =>
      arrivals
        .filter((one) => one.domain === domain)
        .map(({ at }) => Math.round(((at - began) / 3_600_000) * 100) / 100)
    expect(hours('tokyo.example')).toEqual([0, 0])
    expect(hours('paris.example')).toEqual([1, 1])
    expect(hours('nowhere.example')).toEqual([1])
    expect(hours('new-york.example')).toEqual([7, 7])
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(new Set(rows.map(({ status, tries }) => `${status} ${tries}`))).toEqual(
      new Set(['sent 1']),
    )
  })

  it('starts with the first zone of the earth', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    const { send } = await startAt(mailshot, '2026-11-25 09:00 local')
    expect(send).toMatchObject({
      localTime: '2026-11-25T09:00:00',
      scheduledAt: Date.parse('2026-11-25T09:00:00+14:00'),
    })
  })

  it('knows the zones of imported readers', async () => {
    const mailshot = await openTestMailshot()
    const folder = mkdtempSync(join(tmpdir(), 'mailshot-zones-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'people.csv')
    writeFileSync(file, 'email,time_zone\nada@example.org,Asia/Tokyo\nbob@example.org,Paris\n')
    const { faults } = await importSubscribers(mailshot, csv(file, { fields: [] }), {
      actor: 'test',
      lists: ['weekly'],
    })
    const zones = await mailshot.db.all(sql`SELECT email, time_zone AS zone FROM subscribers`)
    expect(zones).toEqual([{ email: 'ada@example.org', zone: 'Asia/Tokyo' }])
    expect(faults).toEqual([
      { line: 3, cause: 'time_zone: "Paris" is not a time zone; write it like Europe/Paris' },
    ])
  })
})

describe('the end date of a send', () => {
  it('gives up who is left, ends the send, and tells the operator how many', async () => {
    const { mailshot, transport } = await openReceivingSide(
      { pace: '60/minute' },
      { readers: { 'example.net': 300 } },
    )
    const until = mailshot.now() + 60_000
    const { send } = await startAt(mailshot, 'manual', new Date(until).toISOString())
    await deliver(mailshot, { untilDone: true })
    const ended = await readSend(mailshot, send.id)
    expect(ended.status).toBe('done')
    expect(ended.sent).toBeGreaterThan(50)
    expect(ended.sent).toBeLessThan(64)
    expect(ended.cancelled).toBe(300 - ended.sent)
    const rows = await listRecipients(mailshot, { sendId: send.id, status: 'cancelled' })
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(
      new Set(['the end date of the send came before their turn']),
    )
    const alarm = transport.messages.findLast(({ campaign }) => campaign === undefined)
    expect(alarm?.text).toContain(`${ended.cancelled} personnes ne l’ont pas reçu`)
  })

  it('ends one that is paused, too, and says so', async () => {
    const { mailshot, transport } = await openReceivingSide(
      { pace: '60/minute' },
      { readers: { 'example.net': 50 } },
    )
    const until = mailshot.now() + 20_000
    const { send } = await startAt(mailshot, 'manual', new Date(until).toISOString())
    await deliverUntil(mailshot, mailshot.now() + 5000)
    await pauseSend(mailshot, send.id, { reason: 'a mistake', actor: 'test' })
    mailshot.clock.set(until)
    await deliver(mailshot, { untilDone: true })
    const ended = await readSend(mailshot, send.id)
    expect(ended).toMatchObject({
      status: 'done',
      reason: 'its end date came while it was paused: a mistake',
      cancelled: 50 - ended.sent,
    })
    const alarm = transport.messages.findLast(({ campaign }) => campaign === undefined)
    expect(alarm?.text).toContain(`${ended.cancelled} personnes ne l’ont pas reçu`)
  })

  it('cancels one that could not start before it', async () => {
    const { mailshot, transport } = await openReceivingSide({}, { readers: { 'example.net': 5 } })
    const until = mailshot.now() + 20_000
    const { send } = await startAt(mailshot, 'manual', new Date(until).toISOString())
    mailshot.clock.set(until)
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'cancelled',
      reason: 'its end date came before it started',
      total: 0,
    })
    expect(transport.messages.map(({ text }) => text)).toEqual([
      expect.stringContaining('Personne ne l’a reçu : sa date de fin, 22 novembre 2026 à 13:00'),
    ])
  })

  it('is the last moment at which somebody is mailed', async () => {
    const { mailshot, arrivals } = await openReceivingSide(
      { pace: '20/second' },
      { readers: { 'example.net': 400 } },
    )
    const until = mailshot.now() + 10_100
    await startAt(mailshot, 'manual', new Date(until).toISOString())
    await deliver(mailshot, { untilDone: true })
    const times = arrivals.filter(({ isLetter }) => !isLetter).map(({ at }) => at)
    // What arrives was handed over 10 ms before.
    expect(Math.max(...times)).toBeLessThan(until + 10)
    expect(times.length).toBeGreaterThan(170)
  })

  it('refuses a start after it', async () => {
    const { mailshot } = await openReceivingSide({}, { readers: { 'example.net': 1 } })
    const late = startAt(mailshot, 'manual', '2026-11-22T12:00:00.000Z')
    await expect(late).rejects.toThrow(
      'campaign hello: it was to end by 2026-11-22T12:00:00.000Z, so nobody would get it; ' +
        'write a later "until" in its front matter, or take it out',
    )
    const before = startAt(mailshot, '2026-11-23 09:00', '2026-11-23T07:00:00.000Z')
    await expect(before).rejects.toThrow('it would begin at 2026-11-23T08:00:00.000Z')
  })
})

async function setZone(mailshot: TestMailshot, domain: string, zone: string): Promise<void> {
  await mailshot.db.write(
    sql`UPDATE subscribers SET time_zone = ${zone} WHERE email LIKE ${`%@${domain}`}`,
  )
}

async function startAt(mailshot: TestMailshot, send: string, until?: string) {
  const config = { ...mailshot.config, campaigns: sendingCampaigns }
  const { compiled } = await compileCampaign(config, await readCampaign(config, 'hello'))
  const start = send === 'manual' ? send : parseStart(send, mailshot.config.timeZone)
  if (typeof start === 'object' && 'wrong' in start) throw new Error(start.wrong)
  const end = until === undefined ? {} : { until: Date.parse(until) }
  return startSend(mailshot, { ...compiled, send: start, ...end }, [], { actor: 'test' })
}
