import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../integrations/mailshot/audit.ts'
import { type ImportEntry, importSubscribers } from '../integrations/mailshot/import.ts'
import { forget } from '../integrations/mailshot/privacy/tend.ts'
import { confirm, subscribe, unsubscribe } from '../integrations/mailshot/subscriber.ts'
import { endPause } from '../integrations/mailshot/subscriber/pause.ts'
import { findSubscriber, listSubscribers } from '../integrations/mailshot/subscriber/read.ts'
import { findSuppression, suppress } from '../integrations/mailshot/suppression.ts'
import { ownHasher } from '../integrations/mailshot/suppression/hash.ts'
import { withdrawStatements } from '../integrations/mailshot/tracking/consent.ts'
import { letterCount, placesOf, rowsFrom, stateOf } from './import/state.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders, moveReader } from './people.ts'
import { confirmationToken } from './subscriber/zoe.ts'

const actor = 'test'
const zoe = {
  email: 'Zoe@Example.org',
  name: 'Zoé',
  lang: 'FR',
  lists: ['weekly'],
  attributes: { city: 'Aix', plan: '' },
}
const asked = { lists: ['weekly'], consent: { source: 'form' as const } }

describe('importSubscribers', () => {
  it('brings people in as active subscribers, and mails nobody', async () => {
    const mailshot = await openTestMailshot()
    const confirmedAt = Date.UTC(2025, 0, 31)
    const summary = await importSubscribers(mailshot, rowsFrom([{ ...zoe, confirmedAt }]), {
      actor,
    })
    expect(summary).toMatchObject({ read: 1, created: 1, faultCount: 0, stopped: false })
    expect(await findSubscriber(mailshot, zoe.email)).toMatchObject({
      email: 'Zoe@example.org',
      name: 'Zoé',
      lang: 'fr',
      attributes: { city: 'Aix' },
      subscriptions: [{ list: 'weekly', status: 'active', activeAt: confirmedAt }],
    })
    expect((await stateOf(mailshot)).consents).toEqual([
      'zoe@example.org weekly import people.csv 1738281600000',
    ])
    expect(await letterCount(mailshot)).toBe(0)
  })

  it('puts rows without a list on those of the import', async () => {
    const mailshot = await openTestMailshot()
    const rows = [
      { ...zoe, lists: [] },
      { ...zoe, email: 'bob@example.org' },
    ]
    await importSubscribers(mailshot, rowsFrom(rows), { actor, lists: ['product'] })
    expect(await placesOf(mailshot)).toEqual([
      'bob@example.org weekly active',
      'zoe@example.org product active',
    ])
  })

  it('changes nothing when it is run again', async () => {
    const mailshot = await openTestMailshot()
    const rows = [
      { ...zoe, lists: ['weekly', 'product'] },
      { email: 'bob@example.org', lists: ['weekly'], status: 'unsubscribed' as const },
      { email: 'eve@example.org', lists: ['weekly'], status: 'pending' as const },
    ]
    await importSubscribers(mailshot, rowsFrom(rows), { actor })
    const before = await stateOf(mailshot)
    mailshot.clock.advance(60_000)
    const again = await importSubscribers(mailshot, rowsFrom(rows), { actor })
    expect(again).toMatchObject({ read: 3, created: 0, updated: 0, unchanged: 3 })
    expect(await stateOf(mailshot)).toEqual(before)
  })

  it('fills in what is empty here, and overwrites nothing', async () => {
    const mailshot = await openTestMailshot()
    const own = { ...asked, email: zoe.email, confirmed: true }
    await subscribe(mailshot, { ...own, lang: 'en', attributes: { city: 'Nice' } })
    const row = { ...zoe, attributes: { city: 'Aix', plan: 'pro' } }
    const summary = await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(summary).toMatchObject({ created: 0, updated: 1 })
    expect(await findSubscriber(mailshot, zoe.email)).toMatchObject({
      name: 'Zoé',
      lang: 'en',
      attributes: { city: 'Nice', plan: 'pro' },
    })
    expect((await stateOf(mailshot)).consents).toHaveLength(1)
  })

  it('brings back nobody who left, and counts them', async () => {
    const mailshot = await openTestMailshot()
    await importSubscribers(mailshot, rowsFrom([zoe]), { actor })
    const { id = 0 } = (await findSubscriber(mailshot, zoe.email)) ?? {}
    await unsubscribe(mailshot, { subscriberId: id, lists: ['weekly'], reason: 'page' })
    const summary = await importSubscribers(mailshot, rowsFrom([zoe]), { actor })
    expect(summary).toMatchObject({ unchanged: 0, skipped: { suppressed: 0, unsubscribed: 1 } })
    expect(await placesOf(mailshot)).toEqual(['zoe@example.org weekly unsubscribed'])
  })

  it('takes an ask that lapsed here for no leaving, but for one who had left before', async () => {
    const mailshot = await openTestMailshot()
    const bob = { ...zoe, email: 'bob@example.org' }
    const confirmed = { ...asked, confirmed: true }
    await subscribe(mailshot, { ...confirmed, email: zoe.email, lists: ['product'] })
    await subscribe(mailshot, { ...confirmed, email: bob.email, lists: ['weekly', 'product'] })
    const { id = 0 } = (await findSubscriber(mailshot, bob.email)) ?? {}
    await unsubscribe(mailshot, { subscriberId: id, lists: ['weekly'], reason: 'page' })
    for (const { email } of [zoe, bob]) await subscribe(mailshot, { ...asked, email })
    mailshot.clock.advance(31 * 24 * 60 * 60 * 1000)
    expect(await forget(mailshot, { actor })).toMatchObject({ asks: 2 })
    const again = () => importSubscribers(mailshot, rowsFrom([zoe, bob]), { actor })
    expect(await again()).toMatchObject({
      updated: 2,
      skipped: { unsubscribed: 0 },
      lists: { weekly: { active: 1, left: 1 } },
    })
    expect(await placesOf(mailshot)).toEqual([
      'bob@example.org product active',
      'bob@example.org weekly unsubscribed',
      'zoe@example.org product active',
      'zoe@example.org weekly active',
    ])
    expect((await findSubscriber(mailshot, zoe.email))?.subscriptions[1]).toMatchObject({
      endedAt: null,
      endReason: null,
    })
    expect(await again()).toMatchObject({ updated: 0, skipped: { unsubscribed: 1 } })
  })

  it('takes for a leaving what a file says of an ask that lapsed here', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...asked, email: zoe.email, lists: ['product'], confirmed: true })
    await subscribe(mailshot, { ...asked, email: zoe.email })
    mailshot.clock.advance(31 * 24 * 60 * 60 * 1000)
    await forget(mailshot, { actor })
    const left = { ...zoe, status: 'unsubscribed' as const }
    const importing = (row: typeof zoe) => importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(await importing(left)).toMatchObject({ updated: 1 })
    expect(await importing(left)).toMatchObject({ unchanged: 1 })
    expect(await importing(zoe)).toMatchObject({ skipped: { unsubscribed: 1 } })
  })

  it('leaves suppressed addresses out altogether, and counts them', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, zoe.email, { reason: 'complaint', actor })
    const summary = await importSubscribers(mailshot, rowsFrom([zoe]), { actor })
    expect(summary).toMatchObject({ created: 0, skipped: { suppressed: 1, unsubscribed: 0 } })
    expect(await findSubscriber(mailshot, zoe.email)).toBeUndefined()
  })

  it('changes nothing of a person who is known and suppressed', async () => {
    const mailshot = await openTestMailshot({
      lists: { weekly: { title: 'W', doubleOptIn: false }, product: { title: 'P' } },
    })
    await subscribe(mailshot, { ...asked, email: zoe.email })
    await suppress(mailshot, zoe.email, { reason: 'hard-bounce', actor })
    const before = await stateOf(mailshot)
    const row = { ...zoe, lists: ['weekly', 'product'] }
    await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(await stateOf(mailshot)).toEqual(before)
  })

  it('ends what only an import had brought, not what the person asked for here', async () => {
    const mailshot = await openTestMailshot()
    const bob = { ...zoe, email: 'bob@example.org' }
    await importSubscribers(mailshot, rowsFrom([zoe]), { actor })
    await subscribe(mailshot, { ...asked, email: bob.email, confirmed: true })
    const leavers = [zoe, bob].map((row) => ({ ...row, status: 'unsubscribed' as const }))
    const summary = await importSubscribers(mailshot, rowsFrom(leavers), { actor })
    expect(summary).toMatchObject({ updated: 2 })
    expect(await placesOf(mailshot)).toEqual([
      'bob@example.org weekly active',
      'zoe@example.org weekly unsubscribed',
    ])
  })

  it('confirms who was waiting here and is active there', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...asked, email: zoe.email })
    expect(await importSubscribers(mailshot, rowsFrom([zoe]), { actor })).toMatchObject({
      updated: 1,
    })
    expect(await placesOf(mailshot)).toEqual(['zoe@example.org weekly active'])
  })

  it('puts rows of one person together, however far apart they are', async () => {
    const mailshot = await openTestMailshot()
    const others = Array.from({ length: 1500 }, (_, index) => ({
      email: `reader${index}@example.org`,
      lists: ['weekly'],
    }))
    const first = { email: 'zoe@example.org', lists: ['weekly'] }
    const rows = [
      first,
      { ...zoe, email: 'ZOE@example.org', lists: ['product'] },
      ...others,
      { ...zoe, name: 'Other', lists: ['weekly'], status: 'unsubscribed' as const },
      { ...first, attributes: { plan: 'free' } },
    ]
    const summary = await importSubscribers(mailshot, rowsFrom(rows), { actor })
    expect(summary).toMatchObject({ read: 1504, created: 1501, updated: 1, unchanged: 2 })
    expect(await findSubscriber(mailshot, zoe.email)).toMatchObject({
      email: 'zoe@example.org',
      name: 'Zoé',
      attributes: { city: 'Aix', plan: 'free' },
      subscriptions: [
        { list: 'product', status: 'active' },
        { list: 'weekly', status: 'unsubscribed', endReason: 'import' },
      ],
    })
  })

  it('lists faulty rows with line and cause, and brings the others in', async () => {
    const mailshot = await openTestMailshot()
    const told: ImportEntry[] = []
    const source = rowsFrom([
      { ...zoe, email: 'zoe at example.org' },
      { ...zoe, email: '' },
      { ...zoe, lang: 'klingon', attributes: { plan: 'gold' } },
      zoe,
    ])
    const summary = await importSubscribers(mailshot, source, {
      actor,
      onFault: (fault) => told.push({ fault }),
    })
    expect(summary).toMatchObject({ read: 4, created: 1, faultCount: 3 })
    expect(summary.faults).toEqual([
      { line: 2, cause: '"zoe at example.org" is not an e-mail address' },
      { line: 3, cause: 'the address is missing' },
      {
        line: 4,
        cause:
          'plan: "gold" is not one of free, pro; ' +
          'lang: "klingon" is not a language code; write it like fr or pt-BR',
      },
    ])
    expect(told).toMatchObject(summary.faults.map((fault) => ({ fault })))
  })

  it('keeps a hundred faults in the summary, and tells all of them', async () => {
    const mailshot = await openTestMailshot()
    let told = 0
    const rows = Array.from({ length: 250 }, () => ({ ...zoe, email: 'x' }))
    const summary = await importSubscribers(mailshot, rowsFrom(rows), {
      actor,
      onFault: () => (told += 1),
    })
    expect([summary.faultCount, summary.faults.length, told]).toEqual([250, 100, 250])
  })

  it('tells once of an attribute that the config does not declare', async () => {
    const mailshot = await openTestMailshot()
    const rows = [zoe, zoe].map((row) => ({ ...row, attributes: { shoe: '44' } }))
    const { notices } = await importSubscribers(mailshot, rowsFrom(rows), { actor })
    expect(notices).toEqual([
      'attribute "shoe" is ignored; declare it in "fields" of mailshot.config.ts to keep it',
    ])
  })

  it('refuses an unknown list before anything is written, and names the known ones', async () => {
    const mailshot = await openTestMailshot()
    const rows = [zoe, { ...zoe, lists: ['weekly', 'weakly'] }]
    await expect(importSubscribers(mailshot, rowsFrom(rows), { actor })).rejects.toThrow(
      'people.csv:3: list "weakly" is not in mailshot.config.ts (known: weekly, product)',
    )
    await expect(
      importSubscribers(mailshot, rowsFrom([zoe]), { actor, lists: ['weakly'] }),
    ).rejects.toThrow('--list: list "weakly" is not in mailshot.config.ts')
    expect(await listSubscribers(mailshot)).toEqual([])
  })

  it('refuses an unknown list in what can be read once only', async () => {
    const mailshot = await openTestMailshot()
    const source = { ...rowsFrom([{ ...zoe, lists: ['weakly'] }]), rereadable: false }
    await expect(importSubscribers(mailshot, source, { actor })).rejects.toThrow('list "weakly"')
  })

  it('refuses a file in which nobody is on a list, and says how to name one', async () => {
    const mailshot = await openTestMailshot()
    const rows = [{ ...zoe, lists: [] }]
    await expect(importSubscribers(mailshot, rowsFrom(rows), { actor })).rejects.toThrow(
      'people.csv: no row names a list; say which one with --list ID (known: weekly, product)',
    )
  })

  it('tells how far it is, slice by slice', async () => {
    const mailshot = await openTestMailshot()
    const rows = Array.from({ length: 2500 }, (_, index) => ({
      ...zoe,
      email: `r${index}@example.org`,
    }))
    const told: unknown[] = []
    await importSubscribers(mailshot, rowsFrom(rows), {
      actor,
      onProgress: (progress) => told.push(progress),
    })
    expect(told).toEqual([1000, 2000, 2500].map((read) => ({ read, total: 2500 })))
  })

  it('stops after the slice in hand when told to, and goes on when run again', async () => {
    const mailshot = await openTestMailshot()
    const rows = Array.from({ length: 2500 }, (_, index) => ({
      ...zoe,
      email: `r${index}@example.org`,
    }))
    const stop = new AbortController()
    const options = { actor, signal: stop.signal, onProgress: () => stop.abort() }
    const first = await importSubscribers(mailshot, rowsFrom(rows), options)
    expect(first).toMatchObject({ read: 1000, created: 1000, stopped: true })
    const second = await importSubscribers(mailshot, rowsFrom(rows), { actor })
    expect(second).toMatchObject({ created: 1500, unchanged: 1000, stopped: false })
  })

  it('keeps what the source knows of each list, and says what came of each', async () => {
    const mailshot = await openTestMailshot()
    const day = Date.UTC(2024, 0, 1)
    const subscriptions = [
      { list: 'weekly', askedAt: day, activeAt: day + 1 },
      { list: 'product', status: 'unsubscribed' as const, askedAt: day, endedAt: day + 2 },
    ]
    const { lists } = await importSubscribers(
      mailshot,
      rowsFrom([{ email: zoe.email, subscriptions }]),
      { actor },
    )
    expect((await findSubscriber(mailshot, zoe.email))?.subscriptions).toEqual([
      {
        list: 'product',
        status: 'unsubscribed',
        askedAt: day,
        activeAt: null,
        endedAt: day + 2,
        endReason: 'import',
      },
      {
        list: 'weekly',
        status: 'active',
        askedAt: day,
        activeAt: day + 1,
        endedAt: null,
        endReason: null,
      },
    ])
    expect(lists).toEqual({
      weekly: { active: 1, pending: 0, unsubscribed: 0, left: 0 },
      product: { active: 0, pending: 0, unsubscribed: 1, left: 0 },
    })
  })

  it('brings pauses, tracking consent, former ids and consents along', async () => {
    const mailshot = await openTestMailshot()
    const row = {
      ...zoe,
      pausedUntil: mailshot.now() + 1000,
      trackingAgreedAt: 5,
      formerIds: [{ source: 'phplist', id: 'a1' }],
      consents: [{ list: 'weekly', at: 5, wording: 'I agree', ip: '192.0.2.0' }],
    }
    await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(await stateOf(mailshot)).toMatchObject({
      people: [expect.stringMatching(/^zoe@\S+ Zoe@\S+ Zoé fr \d{13} 5 /)],
      consents: ['zoe@example.org weekly import people.csv'],
      formerIds: ['phplist a1 zoe@example.org'],
    })
  })

  it('pauses nobody again who ended their pause here', async () => {
    const mailshot = await openTestMailshot()
    const row = { ...zoe, pausedUntil: mailshot.now() + 1000 }
    await importSubscribers(mailshot, rowsFrom([row]), { actor })
    await endPause(mailshot, 1)
    const dry = { actor, dryRun: true }
    expect(await importSubscribers(mailshot, rowsFrom([row]), dry)).toMatchObject({ unchanged: 1 })
    expect(await importSubscribers(mailshot, rowsFrom([row]), { actor })).toMatchObject({
      unchanged: 1,
    })
    const [pause] = await mailshot.db.all(sql`SELECT paused_until AS until FROM subscribers`)
    expect(pause).toEqual({ until: null })
  })

  it('lets nobody be counted by name again who took that back here', async () => {
    const mailshot = await openTestMailshot()
    const row = { ...zoe, trackingAgreedAt: 5 }
    await importSubscribers(mailshot, rowsFrom([row]), { actor })
    const { id = 0 } = (await findSubscriber(mailshot, zoe.email)) ?? {}
    await mailshot.db.write(...withdrawStatements(mailshot, { subscriberId: id }))
    const before = await stateOf(mailshot)
    await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(await stateOf(mailshot)).toEqual(before)
  })

  it('suppresses nobody for having left there who has signed up here since', async () => {
    const mailshot = await openTestMailshot()
    const left = { ...zoe, status: 'unsubscribed' as const, suppressed: 'unsubscribe' as const }
    const options = { actor }
    await importSubscribers(mailshot, rowsFrom([left]), options)
    expect(await findSuppression(mailshot, zoe.email)).toMatchObject({ reason: 'unsubscribe' })
    await subscribe(mailshot, { ...asked, email: zoe.email })
    await confirm(mailshot, await confirmationToken(mailshot))
    const back = await stateOf(mailshot)
    expect(back).toMatchObject({
      places: ['zoe@example.org weekly active'],
      suppressions: [],
    })
    const since = { ...left, suppressedAt: mailshot.now() - 1 }
    await importSubscribers(mailshot, rowsFrom([left, since]), options)
    expect(await stateOf(mailshot)).toEqual(back)
    mailshot.clock.advance(60_000)
    const complained = { ...left, suppressed: 'complaint' as const, suppressedAt: 1 }
    await importSubscribers(mailshot, rowsFrom([complained]), options)
    expect(await findSuppression(mailshot, zoe.email)).toMatchObject({ reason: 'complaint' })
  })

  it('keeps who is suppressed there, beside the suppression', async () => {
    const mailshot = await openTestMailshot()
    const row = { ...zoe, suppressed: 'complaint' as const, suppressedAt: 7, suppressionNote: 'n' }
    const summary = await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(summary).toMatchObject({ created: 1, skipped: { suppressed: 0 } })
    expect(await findSuppression(mailshot, zoe.email)).toMatchObject({
      reason: 'complaint',
      note: 'n',
      at: 7,
    })
    const before = await stateOf(mailshot)
    expect(await importSubscribers(mailshot, rowsFrom([row]), { actor })).toMatchObject({
      unchanged: 1,
    })
    expect(await stateOf(mailshot)).toEqual(before)
  })

  it('stores nobody again who was erased here, whatever the row says', async () => {
    const mailshot = await openTestMailshot()
    const { kind, hashOf } = await ownHasher(mailshot)
    await mailshot.db.write(
      sql`INSERT INTO suppressed_hashes VALUES (${kind}, ${hashOf('zoe@example.org')}, 'unsubscribe', NULL, 1)`,
    )
    const row = { ...zoe, suppressed: 'complaint' as const, formerIds: [{ source: 's', id: '1' }] }
    const summary = await importSubscribers(mailshot, rowsFrom([row]), { actor })
    expect(summary).toMatchObject({ created: 0, skipped: { suppressed: 1 } })
    expect(await stateOf(mailshot)).toMatchObject({ people: [], suppressions: [], formerIds: [] })
  })

  it('knows by the old address who has another by now, and adds nobody', async () => {
    const mailshot = await openTestMailshot()
    const rows = ['zoe', 'ada', 'bob'].map((name) => ({ ...zoe, email: `${name}@example.org` }))
    await importSubscribers(mailshot, rowsFrom(rows), { actor })
    const move = (id: number, name: string) =>
      moveReader(mailshot, id, { from: `${name}@example.org`, to: `${name}.new@example.org` })
    await move(1, 'zoe')
    await move(2, 'ada')
    await unsubscribe(mailshot, { subscriberId: 1, lists: 'all', reason: 'page' })
    await unsubscribe(mailshot, { subscriberId: 2, lists: zoe.lists, reason: 'page' })
    await addReaders(mailshot, 1)
    await moveReader(mailshot, 4, { from: 'bob@example.org', to: 'reader1@example.net' })
    const before = await stateOf(mailshot)
    const again = [...rows, { ...rows[1], email: 'ada.new@example.org' }]
    const counts = { created: 0, updated: 0, skipped: { suppressed: 1, unsubscribed: 1 } }
    const dry = { actor, dryRun: true }
    expect(await importSubscribers(mailshot, rowsFrom(again), dry)).toMatchObject(counts)
    expect(await importSubscribers(mailshot, rowsFrom(again), { actor })).toMatchObject(counts)
    expect(await stateOf(mailshot)).toEqual(before)
    const complaint = { ...zoe, email: 'ada@example.org', suppressed: 'complaint' as const }
    await importSubscribers(mailshot, rowsFrom([complaint]), { actor })
    const barred = await Promise.all(
      ['ada', 'ada.new'].map((name) => findSuppression(mailshot, `${name}@example.org`)),
    )
    expect(barred.map((one) => one?.reason)).toEqual(['complaint', undefined])
  })

  it('keeps the number of a person where nobody has had it', async () => {
    const mailshot = await openTestMailshot()
    const rows = [
      { ...zoe, id: 41 },
      { ...zoe, email: 'bob@example.org', id: 41 },
    ]
    expect(await importSubscribers(mailshot, rowsFrom(rows), { actor })).toMatchObject({
      created: 2,
    })
    const people = await listSubscribers(mailshot)
    expect(people.map(({ id, email }) => `${id} ${email}`)).toEqual([
      '41 Zoe@example.org',
      '42 bob@example.org',
    ])
    await importSubscribers(mailshot, rowsFrom(rows), { actor })
    await mailshot.db.write(
      sql`DELETE FROM consents WHERE subscriber_id = 42`,
      sql`DELETE FROM subscriptions WHERE subscriber_id = 42`,
      sql`DELETE FROM subscribers WHERE id = 42`,
    )
    const eve = { ...zoe, email: 'eve@example.org', id: 42 }
    await importSubscribers(mailshot, rowsFrom([eve]), { actor })
    expect((await findSubscriber(mailshot, eve.email))?.id).toBe(43)
  })

  it('takes lists by their names there, and leaves out those it is told to', async () => {
    const mailshot = await openTestMailshot()
    const rows = [
      {
        ...zoe,
        lists: ['Old News', 'Shop'],
        consents: ['Old News', 'Shop'].map((list) => ({ list, at: 5, form: 'of 2019' })),
      },
      { ...zoe, email: 'bob@example.org', lists: ['Shop'] },
    ]
    const options = {
      actor,
      map: { 'Old News': 'weekly' },
      skipLists: ['Shop'],
      lists: ['product'],
    }
    const summary = await importSubscribers(mailshot, rowsFrom(rows), options)
    expect(summary).toMatchObject({ created: 1, skipped: { lists: 1 } })
    expect(await stateOf(mailshot)).toMatchObject({
      places: ['zoe@example.org weekly active'],
      consents: ['zoe@example.org weekly import of 2019'],
    })
    await expect(importSubscribers(mailshot, rowsFrom(rows), { actor })).rejects.toThrow(
      'people.csv: 2 lists are not in mailshot.config.ts: ' +
        '"Old News" (line 2, rows in all: 1), "Shop" (line 2, rows in all: 2) (known: weekly, product); ' +
        'for each, add it there, or say which list of ours it is, --map "Old News"=ID, or leave it out, --skip-list "Old News"',
    )
  })

  it('shows what it would do without doing it', async () => {
    const mailshot = await openTestMailshot()
    const left = { ...zoe, email: 'left@example.org' }
    const spam = { ...zoe, email: 'spam@example.org' }
    await importSubscribers(mailshot, rowsFrom([left, { ...left, email: 'old@example.org' }]), {
      actor,
    })
    const { id = 0 } = (await findSubscriber(mailshot, left.email)) ?? {}
    await unsubscribe(mailshot, { subscriberId: id, lists: ['weekly'], reason: 'page' })
    await suppress(mailshot, spam.email, { reason: 'complaint', actor })
    const rows = [
      left,
      spam,
      { ...zoe, email: 'x' },
      { ...left, email: 'old@example.org', lists: ['product'] },
      ...Array.from({ length: 1500 }, (_, n) => ({
        ...zoe,
        email: `r${n}@example.org`,
        id: n + 1,
      })),
      { ...zoe, email: 'r1@example.org', lists: ['product'] },
    ]
    const before = await stateOf(mailshot)
    const told = await importSubscribers(mailshot, rowsFrom(rows), { actor, dryRun: true })
    expect(await stateOf(mailshot)).toEqual(before)
    const done = await importSubscribers(mailshot, rowsFrom(rows), { actor })
    expect(done).toMatchObject({
      created: 1500,
      updated: 2,
      skipped: { suppressed: 1, unsubscribed: 1 },
      faultCount: 1,
      lists: { weekly: { active: 1500, left: 1 }, product: { active: 2 } },
    })
    expect(told).toEqual({ ...done, dryRun: true })
    expect(await findAudit(mailshot, 'import:people.csv')).toHaveLength(4)
  })

  it('notes each import with its counts', async () => {
    const mailshot = await openTestMailshot()
    await importSubscribers(mailshot, rowsFrom([zoe, { ...zoe, email: 'x' }]), { actor })
    expect(await findAudit(mailshot, 'import:people.csv')).toMatchObject([
      { actor, action: 'begin-import', detail: {} },
      { actor, action: 'import', detail: { read: 2, created: 1, faultCount: 1 } },
    ])
  })
})
