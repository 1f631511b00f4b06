import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listSummary } from '../../integrations/mailshot/list.ts'
import type { ListMember, ReadMembers } from '../../integrations/mailshot/list/options.ts'
import { type SyncRequest, syncList } from '../../integrations/mailshot/list/sync.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import {
  findLeaving,
  subscribe,
  undoUnsubscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { moveReader } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const hour = 3_600_000

describe('syncList', () => {
  it('puts those on the list whom the function answers, without a confirmation', async () => {
    const { mailshot, sync } = await openStaff([
      { email: 'Zoe@Example.org', name: 'Zoé', lang: 'fr', attributes: { city: 'Lyon' } },
      { email: 'bob@example.org', attributes: { plan: 'gold', shoe: 43 } },
      { email: 'zoe@example.org', name: 'another' },
      { email: 'nobody' },
    ])
    expect(await sync()).toEqual({
      status: 'done',
      list: 'staff',
      read: 4,
      joined: 2,
      ended: 0,
      keptOut: 0,
      faultCount: 2,
      faults: [
        '2: plan: "gold" is not one of free, pro; shoe: it is no field of the settings',
        '4: "nobody" is not an e-mail address',
      ],
    })
    expect(await findSubscriber(mailshot, 'zoe@example.org')).toMatchObject({
      name: 'Zoé',
      lang: 'fr',
      attributes: { city: 'Lyon' },
      subscriptions: [{ list: 'staff', status: 'active' }],
    })
    expect(await mailshot.db.all(sql`SELECT source, form FROM consents`)).toEqual([
      { source: 'sync', form: 'list:staff' },
      { source: 'sync', form: 'list:staff' },
    ])
    expect(await mailshot.db.all(sql`SELECT 1 FROM letters`)).toEqual([])
    expect(await sync()).toMatchObject({ joined: 0, ended: 0 })
    expect(await findAudit(mailshot, 'list:staff')).toMatchObject([
      { actor: 'test', action: 'sync', detail: { joined: 2, ended: 0 } },
    ])
  })

  it('ends those who are no longer answered, and takes them back when they are again', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann', 'bob'))
    await sync()
    answer(people('bob'))
    expect(await sync()).toMatchObject({ joined: 0, ended: 1 })
    expect(await places(mailshot)).toEqual(['ann unsubscribed synced', 'bob active null'])
    expect(await findAudit(mailshot, 'subscriber:1', 'subscriber:2')).toMatchObject([
      {
        actor: 'test',
        action: 'unsubscribe',
        subject: 'subscriber:1',
        detail: { reason: 'synced' },
      },
    ])
    expect(await mailshot.db.all(sql`SELECT 1 FROM letters`)).toEqual([])
    answer(people('ann', 'bob'))
    expect(await sync()).toMatchObject({ joined: 1, ended: 0 })
    expect(await places(mailshot)).toEqual(['ann active null', 'bob active null'])
  })

  it('never takes back who left by themselves, or is suppressed, and stores nobody for that', async () => {
    const { mailshot, sync } = await openStaff(people('ann', 'bob', 'eve'))
    await suppress(mailshot, 'eve@example.org', { reason: 'complaint', actor: 'test' })
    await sync()
    const ann = await findSubscriber(mailshot, 'ann@example.org')
    await unsubscribe(mailshot, { subscriberId: ann?.id ?? 0, lists: ['staff'], reason: 'page' })
    expect(await sync()).toMatchObject({ joined: 0, keptOut: 2 })
    expect(await places(mailshot)).toEqual(['ann unsubscribed page', 'bob active null'])
    expect(await findSubscriber(mailshot, 'eve@example.org')).toBeUndefined()
  })

  it('knows by the old address who has another by now, and who left it by themselves', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann', 'bob'))
    await sync()
    await moveReader(mailshot, 1, { from: 'ann@example.org', to: 'ann.new@example.org' })
    await moveReader(mailshot, 2, { from: 'bob@example.org', to: 'bob.new@example.org' })
    await unsubscribe(mailshot, { subscriberId: 2, lists: 'all', reason: 'page' })
    answer(people('ann', 'bob', 'ann.new'))
    expect(await sync()).toMatchObject({ joined: 0, ended: 0, keptOut: 1 })
    expect(await places(mailshot)).toEqual(['ann.new active null', 'bob.new unsubscribed page'])
    expect(await findSubscriber(mailshot, 'ann@example.org')).toBeUndefined()
    expect(await findSubscriber(mailshot, 'bob@example.org')).toBeUndefined()
  })

  it('never takes back who was not answered any more, and left then by an old mail, unless that is undone', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann', 'bob'))
    await sync()
    const consent = { source: 'command' as const }
    const both = { email: 'ann@example.org', lists: ['weekly'], consent, confirmed: true }
    await subscribe(mailshot, both)
    answer(people('bob'))
    await sync()
    mailshot.clock.advance(1000)
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['staff'], reason: 'page' })
    expect(await places(mailshot)).toContain('ann unsubscribed page')
    expect(await findLeaving(mailshot, 1)).toBeUndefined()
    answer(people('ann', 'bob'))
    expect(await sync()).toMatchObject({ joined: 0, keptOut: 1 })
    expect((await findAudit(mailshot, 'subscriber:1')).at(-1)).toMatchObject({
      actor: 'subscriber',
      detail: { lists: ['staff'], reason: 'page', synced: ['staff'] },
    })
  })

  it('may take back whom it had ended before, once the leaving of everything is undone', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann', 'bob'))
    await sync()
    const consent = { source: 'command' as const }
    const both = { email: 'ann@example.org', lists: ['weekly'], consent, confirmed: true }
    await subscribe(mailshot, both)
    answer(people('bob'))
    await sync()
    mailshot.clock.advance(1000)
    await unsubscribe(mailshot, { subscriberId: 1, lists: 'all', reason: 'page' })
    const undo = { subscriberId: 1, at: mailshot.now() }
    expect(await undoUnsubscribe(mailshot, undo)).toEqual({
      status: 'undone',
      restored: ['weekly'],
    })
    expect(await places(mailshot)).toEqual([
      'ann active null',
      'ann unsubscribed synced',
      'bob active null',
    ])
  })

  it('leaves on the list who asked for it, and keeps what a person has said', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann'))
    const consent = { source: 'command' as const }
    const bob = { email: 'bob@example.org', name: 'Bob', lists: ['staff'], consent }
    await subscribe(mailshot, { ...bob, confirmed: true })
    await sync()
    answer([...people('ann'), { email: 'bob@example.org', name: 'Robert', lang: 'en' }])
    await sync()
    expect(await findSubscriber(mailshot, 'bob@example.org')).toMatchObject({
      name: 'Bob',
      lang: 'en',
    })
    answer(people('ann'))
    expect(await sync()).toMatchObject({ ended: 0 })
    expect(await places(mailshot)).toContain('bob active null')
  })

  it('changes nothing when the function fails midway, answers no list, or nobody', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann', 'bob'))
    await sync()
    answer(async function* () {
      yield { email: 'carl@example.org' }
      throw new Error('the directory is closed')
    })
    expect(await sync()).toEqual({
      status: 'failed',
      list: 'staff',
      reason: 'the directory is closed',
    })
    // @ts-expect-error -- what a function written in JavaScript may answer
    answer(() => undefined)
    expect(await sync()).toMatchObject({ status: 'failed', reason: 'it answers no list of people' })
    answer([{ email: 'a' }, { email: 'b' }])
    expect(await sync()).toMatchObject({
      status: 'failed',
      reason:
        'none of the 2 rows that its function answers is a person: row 1: "a" is not an e-mail address',
    })
    expect(await places(mailshot)).toEqual(['ann active null', 'bob active null'])
    const staff = (await listSummary(mailshot)).find(({ id }) => id === 'staff')
    expect(staff).toMatchObject({ automatic: true, syncFault: expect.stringContaining('none of') })
  })

  it('holds an answer by which most of many would leave, until it is forced', async () => {
    const { mailshot, sync, answer } = await openStaff(people(...names(12)))
    await sync()
    answer([])
    expect(await sync()).toMatchObject({
      status: 'held',
      leaving: 12,
      of: 12,
      reason:
        'its function answered 0 people, by which 12 of 12 would leave; nothing was changed. ' +
        'If that is right: mailshot lists sync staff --force',
    })
    expect(await sync({ force: true, dryRun: true })).toMatchObject({ status: 'done', ended: 12 })
    expect(await activeOf(mailshot)).toBe(12)
    expect(await sync({ force: true })).toMatchObject({ status: 'done', ended: 12 })
    expect(await activeOf(mailshot)).toBe(0)
  })

  it('holds an answer of nobody, however few would leave', async () => {
    const { mailshot, sync, answer } = await openStaff(people('ann'))
    await sync()
    answer([])
    expect(await sync()).toMatchObject({ status: 'held', leaving: 1, of: 1 })
    expect(await activeOf(mailshot)).toBe(1)
    answer(people('bob'))
    expect(await sync()).toMatchObject({ status: 'done', joined: 1, ended: 1 })
  })

  it('lets others have their turns while it reads an answer, however much is there at once', async () => {
    const { sync, answer } = await openStaff([])
    answer(function* () {
      while (true) yield { email: 'ann@example.org' }
    })
    const stop = new AbortController()
    const stopped = sync({ signal: stop.signal })
    setImmediate(() => setImmediate(() => stop.abort()))
    expect(await stopped).toMatchObject({ status: 'failed', reason: 'stopped' })
  })

  it('goes through a large list in slices, each once', async () => {
    const { mailshot, sync, answer } = await openStaff(people(...names(2500)))
    expect(await sync()).toMatchObject({ read: 2500, joined: 2500 })
    answer(people(...names(1500)))
    expect(await sync()).toMatchObject({ ended: 1000, joined: 0 })
    expect(await activeOf(mailshot)).toBe(1500)
  })
})

describe('a worker', () => {
  it('asks for the people of a list before a send to it, and freezes them', async () => {
    const { mailshot, answer } = await openStaff(people('ann'))
    const { send } = await startFixture(mailshot, 'hello', { lists: ['staff'] })
    answer(people('ann', 'bob'))
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 2 })
  })

  it('waits with a send while the function of its list fails, and says why, at the second time by mail', async () => {
    const { mailshot, answer, mails } = await openStaff(people('ann'))
    let calls = 0
    answer(() => {
      calls += 1
      if (calls < 4) throw new Error('the directory is closed')
      return people('ann', 'bob')
    })
    const { send } = await startFixture(mailshot, 'hello', { lists: ['staff'] })
    const reasons = new Set<string | null | undefined>()
    await deliver(mailshot, {
      untilDone: true,
      onProgress: ([one]) => reasons.add(one?.reason),
    })
    expect([...reasons].join()).toContain(
      'its list staff could not be synchronised: the directory is closed; it starts once that works',
    )
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'done',
      sent: 2,
      reason: null,
    })
    expect(mails().map(({ subject }) => subject)).toEqual([
      'La liste Les collègues n’est pas à jour',
      expect.stringContaining('Envoi commencé'),
      expect.stringContaining('Envoi terminé'),
    ])
    expect(mails()[0]?.text).toContain(': the directory is closed')
    expect(mails()[0]?.text).toContain('mailshot lists sync staff --dry-run')
  })

  it('asks again by itself when the hours of the list are over, and not before', async () => {
    const { mailshot, answer } = await openStaff(people('ann'), 6)
    let calls = 0
    answer(() => {
      calls += 1
      return people('ann')
    })
    const stop = new AbortController()
    const from = mailshot.now()
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: () => {
        if (mailshot.now() > from + 13 * hour) stop.abort()
        else mailshot.clock.advance(hour / 4)
      },
    })
    expect(calls).toBe(3)
  })
})

async function openStaff(members: ListMember[], syncHours = 23) {
  let read: ReadMembers = () => members
  const transport = memory()
  const mailshot = await openTestMailshot({
    lists: {
      weekly: { title: 'Weekly' },
      staff: {
        title: 'Staff',
        privateTitle: 'Les collègues',
        syncHours,
        members: (call) => read(call),
      },
    },
    transport,
  })
  return {
    mailshot,
    mails: () => transport.sentTo('operator@example.org'),
    answer: (given: ListMember[] | ReadMembers) => {
      read = typeof given === 'function' ? given : () => given
    },
    sync: (request: Partial<SyncRequest> = {}) =>
      syncList(mailshot, 'staff', { actor: 'test', ...request }),
  }
}

function people(...given: string[]): ListMember[] {
  return given.map((name) => ({ email: `${name}@example.org` }))
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `person${index}`)
}

async function places({ db }: TestMailshot): Promise<string[]> {
  const rows = await db.all<{ place: string }>(sql`
    SELECT replace(s.email, '@example.org', '') || ' ' || p.status || ' ' || ifnull(p.end_reason, 'null') AS place
    FROM subscriptions AS p JOIN subscribers AS s ON s.id = p.subscriber_id ORDER BY place`)
  return rows.map(({ place }) => place)
}

async function activeOf(mailshot: TestMailshot): Promise<number | undefined> {
  return (await listSummary(mailshot)).find(({ id }) => id === 'staff')?.active
}
