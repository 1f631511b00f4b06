import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../integrations/mailshot/campaign/settings.ts'
import { readFrontMatter } from '../integrations/mailshot/campaign/front-matter.ts'
import { defineConfig, type MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { recordEvents } from '../integrations/mailshot/event.ts'
import { routeOf, waysOf } from '../integrations/mailshot/route.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { carriedBy } from '../integrations/mailshot/route/carried.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { sendTest } from '../integrations/mailshot/test-send.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { testSecret } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { carriers, openTwoWays, startAs } from './route/two-ways.ts'

describe('routeOf', () => {
  const config = configWith({
    lists: {
      weekly: { title: 'Weekly' },
      product: { title: 'Product', transport: 'bulk' },
      shop: { title: 'Shop', from: 'shop@shop.example.net' },
    },
    senders: { 'News@Example.org': 'main', 'shop.example.net': 'bulk' },
  })

  it('believes the campaign, then the list, then the sender, then takes the first', () => {
    const nothing = { from: null }
    expect(routeOf(config, { from: null, transport: 'bulk' }, 'weekly')).toBe('bulk')
    expect(routeOf(config, { from: null, transport: 'main' }, 'product')).toBe('main')
    expect(routeOf(config, nothing, 'product')).toBe('bulk')
    expect(routeOf(config, nothing, 'shop')).toBe('bulk')
    expect(routeOf(config, nothing, 'weekly')).toBe('main')
    expect(routeOf(config, { from: { name: '', address: 'x@shop.example.net' } }, 'weekly')).toBe(
      'bulk',
    )
    expect(routeOf(config, { from: null, transport: 'gone' }, 'weekly')).toBe('main')
  })
})

describe('defineConfig', () => {
  it('gives each transport its name, and the limits of the site where it has none', () => {
    const [first, second] = waysOf(
      configWith({
        pace: '100/hour',
        ramp: { start: 5 },
        transports: { main: memory(), bulk: { use: memory(), pace: '2/second', ramp: false } },
      }),
    )
    expect(first).toMatchObject({ name: 'main', config: { transport: { name: 'main' } } })
    expect(first?.config.pace).toEqual([{ count: 100, windowMs: 3_600_000 }])
    expect(first?.config.ramp).toMatchObject({ start: 5 })
    expect(second?.config).toMatchObject({ transport: { name: 'bulk' }, ramp: undefined })
    expect(second?.config.pace).toEqual([{ count: 2, windowMs: 1000 }])
  })

  it('calls a transport that is a class on itself', async () => {
    class Counting {
      #calls = 0
      readonly name = 'counting'
      readonly batch = 1
      readonly parallel = 1
      send() {
        this.#calls += 1
        return Promise.resolve([{ status: 'accepted' as const, providerId: String(this.#calls) }])
      }
    }
    const { transport } = configWith({ transports: { main: new Counting() } })
    expect(transport.name).toBe('main')
    const [outcome] = await transport.send([], new AbortController().signal)
    expect(outcome).toMatchObject({ providerId: '1' })
  })

  it('refuses names that no transport has, with those that there are', () => {
    const wrong = () =>
      configWith({
        lists: { weekly: { title: 'Weekly', transport: 'blk' } },
        senders: { 'news@example.org': 'other', nonsense: 'main' },
        transports: { main: memory(), bulk: { use: memory(), fallback: 'mian' } },
      })
    expect(wrong).toThrow(/"nonsense" is neither an address nor a domain/)
    const unknown = () =>
      configWith({
        lists: { weekly: { title: 'Weekly', transport: 'blk' } },
        senders: { 'news@example.org': 'other' },
        transports: { main: memory(), bulk: { use: memory(), fallback: 'mian' } },
      })
    expect(unknown).toThrow(
      /"blk" is no transport of the settings; did you mean "bulk"\? \(known: main, bulk\)/,
    )
    expect(unknown).toThrow(/"other" is no transport of the settings; known: main, bulk/)
    expect(unknown).toThrow(
      /"mian" is no transport .* did you mean "main"\?[^]*at transports\.bulk\.fallback/,
    )
  })

  it('refuses both ways of saying it, neither, and names that are taken', () => {
    expect(() => configWith({ transport: memory() })).toThrow(/says the same as transports/)
    expect(() => configWith({ transports: undefined })).toThrow(
      /needs a transport, for example: smtp/,
    )
    expect(() => configWith({ transports: {} })).toThrow(/needs at least one/)
    expect(() => configWith({ transports: { generic: memory() } })).toThrow(/"generic" is taken/)
    expect(() => configWith({ transports: { a: { use: memory(), fallback: 'a' } } })).toThrow(
      /is the transport itself/,
    )
    expect(() => configWith({ transports: { a: { use: memory(), pace: 'quick' } } })).toThrow(
      /at transports\.a\.pace/,
    )
  })
})

describe('the front matter of a campaign', () => {
  const read = (config: ReturnType<typeof configWith>) =>
    readSettings(config, readFrontMatter('june.md', '---\nsubject: Hello\ntransport: blk\n---\nHi'))

  it('names a transport, and is told of a wrong name with its line', () => {
    const { settings, problems } = read(configWith({}))
    expect(settings.transport).toBeUndefined()
    expect(problems).toMatchObject([
      {
        line: 3,
        what: 'unknown transport "blk"',
        cure: 'did you mean "bulk"?',
      },
    ])
  })
})

describe('deliver', () => {
  it('hands each mail to the transport of its campaign or list, side by side, and notes by which it went', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      lists: { weekly: { title: 'Weekly' }, product: { title: 'Product', transport: 'bulk' } },
    })
    await addReaders(mailshot, 30)
    await addReaders(mailshot, 20, { list: 'product', from: 31 })
    const mixed = await startAs(mailshot, 'mixed', { lists: ['weekly', 'product'] })
    const forced = await startAs(mailshot, 'forced', { transport: 'bulk' })
    await deliver(mailshot, { untilDone: true })
    expect(await carriers(mailshot, mixed.id)).toEqual({ 'sent by main': 30, 'sent by bulk': 20 })
    expect(await carriers(mailshot, forced.id)).toEqual({ 'sent by bulk': 30 })
    expect(main.taken()).toHaveLength(30)
    expect(new Set(bulk.taken()).size).toBe(50)
    expect(main.mostInHand()).toBe(4)
    expect(bulk.mostInHand()).toBe(4)
    expect(await carriedBy(mailshot, mixed.id)).toEqual([
      { name: 'bulk', sent: 20 },
      { name: 'main', sent: 30 },
    ])
  })

  it('mails by the default one whom a transport was chosen for that is gone, and who were frozen without one', async () => {
    const { mailshot, main } = await openTwoWays()
    await addReaders(mailshot, 20)
    const { main: first, bulk: gone } = mailshot.config.transports ?? {}
    if (!first || !gone) throw new Error('no transports')
    const frozen = await startAs(mailshot, 'frozen', { transport: 'bulk' })
    while (await tendSends(mailshot, () => 'ready'));
    const alone = { ...mailshot, config: { ...mailshot.config, transports: undefined } }
    const early = await startAs(alone, 'early')
    while (await tendSends(alone, () => 'ready'));
    const transports = { main: first, other: gone }
    await deliver({ ...mailshot, config: { ...mailshot.config, transports } }, { untilDone: true })
    expect(await carriers(mailshot, frozen.id)).toEqual({ 'sent by main': 20 })
    expect(await carriers(mailshot, early.id)).toEqual({ 'sent by main': 20 })
    expect(main.taken()).toHaveLength(40)
  })

  it('pauses only the sends that need the transport which refuses the account', async () => {
    const { mailshot, bulk } = await openTwoWays()
    await addReaders(mailshot, 20)
    bulk.answer(() => ({ status: 'blocked', reason: 'wrong key' }))
    const ofBulk = await startAs(mailshot, 'bulk', { transport: 'bulk' })
    const ofMain = await startAs(mailshot, 'main', { transport: 'main' })
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, ofBulk.id)).toMatchObject({
      status: 'paused',
      reason: 'blocked: wrong key',
    })
    expect(await readSend(mailshot, ofMain.id)).toMatchObject({ status: 'done', sent: 20 })
  })

  it('pauses none of the others when ten refusals in a row mean the account', async () => {
    const { mailshot, main, bulk } = await openTwoWays({ main: { pace: '60/minute' } })
    await addReaders(mailshot, 20)
    bulk.answer(() => ({
      status: 'rejected',
      class: 'soft',
      enhanced: '5.7.1',
      reason: '550 5.7.1 not you',
    }))
    const ofMain = await startAs(mailshot, 'main', { transport: 'main' })
    const ofBulk = await startAs(mailshot, 'bulk', { transport: 'bulk' })
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, ofBulk.id)).toMatchObject({ status: 'paused' })
    expect(await readSend(mailshot, ofMain.id)).toMatchObject({ status: 'done', sent: 20 })
    expect(main.taken()).toHaveLength(20)
  })
})

describe('recordEvents', () => {
  it('finds the mail of the transport that reports, where two call theirs alike', async () => {
    const { mailshot, main, bulk } = await openTwoWays()
    await addReaders(mailshot, 1)
    const same = { status: 'accepted', providerId: '7' } as const
    main.answer(() => same)
    bulk.answer(() => same)
    const sends: Record<string, string> = {}
    for (const name of ['bulk', 'main']) {
      sends[name] = (await startAs(mailshot, `by-${name}`, { transport: name })).id
      await deliver(mailshot, { untilDone: true })
    }
    const event = { type: 'delivered', word: 'sent', at: mailshot.now(), raw: {} } as const
    const reported = [{ ...event, recipient: 'reader1@example.net', messageId: '7' }]
    await recordEvents(mailshot, 'bulk', reported)
    const found = await mailshot.db.all<{ id: string; by: string }>(
      sql`SELECT send_id AS id, matched_by AS "by" FROM events WHERE type = 'delivered'`,
    )
    expect(found).toEqual([{ id: sends['bulk'], by: 'provider-id' }])
  })
})

describe('sendTest', () => {
  it('goes by the transport of the campaign', async () => {
    const { mailshot, main, bulk } = await openTwoWays()
    const compiled = await compiledAs(mailshot)
    await sendTest(mailshot, { ...compiled, transport: 'bulk' }, ['me@example.net'])
    expect([main.given.length, bulk.given.length]).toEqual([0, 1])
  })
})

async function compiledAs(mailshot: Awaited<ReturnType<typeof openTwoWays>>['mailshot']) {
  const { compileCampaign } = await import('../integrations/mailshot/compile.ts')
  const { readCampaign } = await import('../integrations/mailshot/campaign.ts')
  const config = { ...mailshot.config, campaigns: 'test/fixtures/sending/campaigns' }
  return (await compileCampaign(config, await readCampaign(config, 'hello'))).compiled
}

function configWith(given: Partial<MailshotConfigInput>) {
  return defineConfig({
    site: 'https://example.org',
    title: 'News',
    from: 'news@example.org',
    postalAddress: '1 rue du Port',
    secret: testSecret,
    lists: { weekly: { title: 'Weekly' } },
    transports: { main: memory(), bulk: memory() },
    ...given,
  })
}
