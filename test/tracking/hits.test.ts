import { type SQL, sql } from 'drizzle-orm/sql'
import { describe, expect, it, vi } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { resend } from '../../integrations/mailshot/send/resend.ts'
import { flushHits, mostHeld, noteHit } from '../../integrations/mailshot/tracking/hits.ts'
import { clickPage, openPixel } from '../../integrations/mailshot/tracking.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import { sendCounts } from '../sent-mails.ts'
import { addressesIn, agree, person, trackedSend } from './tracked-send.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

interface By {
  method?: string
  agent?: string
  address?: string
  headers?: Record<string, string>
}

function requestOf(url: string, { method = 'GET', agent = firefox, address, headers = {} }: By) {
  const given = { 'user-agent': agent, ...headers }
  const request = new Request(url, { method, headers: given })
  return { request, token: url.split('/').at(-1) ?? '', peer: address ?? '203.0.113.9' }
}

async function visit(mailshot: TestMailshot, url: string, by: By = {}): Promise<Response> {
  const tracked = requestOf(url, by)
  if (url.includes('/open/')) return openPixel(mailshot, tracked)
  const answer = await clickPage(mailshot, tracked)
  return answer instanceof Response ? answer : new Response(null, { status: answer.status })
}

async function written(mailshot: TestMailshot) {
  await flushHits(mailshot)
  return mailshot.db.all<Record<string, unknown>>(sql`
    SELECT type, word, is_machine AS machine, url, email, recipient_id AS recipient, send_id AS send, raw FROM events ORDER BY id`)
}

describe('a pixel', () => {
  it('answers a tiny image that nobody keeps, and counts an open that tells of nobody', async () => {
    const { mailshot, sendId, open } = await trackedSend()
    const response = await visit(mailshot, open)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toMatch(/^GIF89a/)
    const nobody = { email: null, recipient: null, raw: '{}' }
    expect(await written(mailshot)).toEqual([
      { type: 'opened', word: 'open', machine: 0, url: null, send: sendId, ...nobody },
    ])
  })

  it('counts nothing for a token that was not made here', async () => {
    const { mailshot, open } = await trackedSend()
    expect((await visit(mailshot, `${open.slice(0, -6)}AAAAAA`)).status).toBe(404)
    expect(await written(mailshot)).toEqual([])
  })
})

describe('a link', () => {
  it('leads to where the campaign leads, and counts a click', async () => {
    const { mailshot, sendId, clicks } = await trackedSend()
    const response = await visit(mailshot, clicks[1] ?? '')
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'https://one.example/?a=1&b=2',
    ])
    expect(await written(mailshot)).toMatchObject([
      {
        type: 'clicked',
        word: 'click',
        machine: 0,
        url: 'https://one.example/?a=1&b=2',
        send: sendId,
      },
    ])
  })

  it('answers a HEAD without an event, and takes who sent it for a scanner from then on', async () => {
    const { mailshot, clicks, open } = await trackedSend()
    const response = await visit(mailshot, clicks[1] ?? '', { method: 'HEAD' })
    expect(response.status).toBe(302)
    expect((await visit(mailshot, open, { method: 'HEAD' })).body).toBeNull()
    expect(await written(mailshot)).toEqual([])
    await visit(mailshot, clicks[1] ?? '')
    expect(await written(mailshot)).toMatchObject([{ machine: 1, word: 'scanner: its behaviour' }])
  })

  it('leads on for years, with the details purged and the send in the trash', async () => {
    const { mailshot, clicks } = await trackedSend()
    mailshot.clock.advance(10 * 365 * 86_400_000)
    await mailshot.db.write(
      sql`DELETE FROM recipients`,
      sql`DELETE FROM events`,
      sql`UPDATE sends SET purged_at = 1, trashed_at = 1, emptied_at = 1`,
    )
    expect((await visit(mailshot, clicks[2] ?? '')).headers.get('location')).toBe(
      'https://two.example/ü'.replace('ü', '%C3%BC'),
    )
  })

  it('leads on at once while the database is locked, and counts it when that is over', async () => {
    const { mailshot, clicks } = await trackedSend()
    await visit(mailshot, clicks[1] ?? '')
    await flushHits(mailshot)
    const { db } = mailshot
    const locked = {
      ...mailshot,
      db: { ...db, write: () => Promise.reject(new Error('database is locked')) },
    }
    expect((await visit(locked, clicks[2] ?? '')).status).toBe(302)
    await flushHits(locked)
    expect(await written(mailshot)).toHaveLength(2)
  })

  it('leads nowhere by any token but those of its own links', async () => {
    const { mailshot, clicks, open, mail } = await trackedSend()
    const own = new Set([
      'https://example.org',
      'https://one.example/?a=1&b=2',
      'https://two.example/%C3%BC',
    ])
    const base = 'https://example.org/mailshot/click/'
    const tokens = [...clicks, open, ...(mail.match(/mailshot\/\w+\/[\w-]{20,}/g) ?? [])].map(
      (url) => url.split('/').at(-1) ?? '',
    )
    const damaged = tokens.flatMap((token) =>
      Array.from(
        token,
        (char, at) => token.slice(0, at) + (char === 'A' ? 'B' : 'A') + token.slice(at + 1),
      ),
    )
    const foreign = ['https://evil.example/', '//evil.example', '', 'sample', '%2F%2Fevil.example']
    const answers = await Promise.all(
      [...tokens, ...damaged, ...foreign].map((token) => visit(mailshot, base + token)),
    )
    const led = answers.flatMap((answer) => answer.headers.get('location') ?? [])
    expect(led.filter((url) => !own.has(url))).toEqual([])
    expect(led).toHaveLength(clicks.length * 2)
  })
})

describe('hits', () => {
  it('by known machines are set apart, by what they call themselves or where they come from', async () => {
    const { mailshot, open } = await trackedSend()
    const google =
      'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'
    await visit(mailshot, open, { agent: 'Mozilla/5.0' })
    await visit(mailshot, open, { agent: google })
    await visit(mailshot, open, { agent: 'YahooMailProxy; https://help.yahoo.com/kb/x.html' })
    await visit(mailshot, open, { agent: '' })
    await visit(mailshot, open, { headers: { 'sec-purpose': 'prefetch' } })
    await visit(mailshot, open, { address: '40.94.1.2', agent: `${firefox} BingPreview/1.0b` })
    await visit(mailshot, open, { address: '::ffff:104.47.1.2' })
    await visit(mailshot, open, { agent: 'Mozilla/5.0 (compatible; SomeBot/1.0)' })
    await visit(mailshot, open, {
      agent: 'Mozilla/5.0 (Linux; Android 13; CUBOT P60) Chrome/140.0',
    })
    await visit(mailshot, open, {
      address: '127.0.0.1',
      headers: { 'x-forwarded-for': '1.2.3.4, 17.58.1.2' },
    })
    await visit(mailshot, open, {
      address: '203.0.113.9',
      headers: { 'x-forwarded-for': '17.58.1.2' },
    })
    const words = (await written(mailshot)).map(({ word, machine }) => [word, machine].join(' '))
    expect(words).toEqual([
      'prefetch: apple 1',
      'proxy: gmail 1',
      'proxy: yahoo 1',
      'program: nameless 1',
      'prefetch: browser 1',
      'scanner: microsoft 1',
      'scanner: microsoft 1',
      'program: crawler 1',
      'open 0',
      'prefetch: apple 1',
      'open 0',
    ])
  })

  it('on many links within seconds are a scanner’s, the first of them too', async () => {
    const { mailshot, clicks } = await trackedSend()
    for (const url of clicks) {
      await visit(mailshot, url)
      mailshot.clock.advance(500)
    }
    expect((await written(mailshot)).map(({ machine }) => machine)).toEqual([1, 1, 1])
  })

  it('on several links with time to read between them are a person’s', async () => {
    const { mailshot, clicks } = await trackedSend()
    for (const url of clicks) {
      await visit(mailshot, url)
      mailshot.clock.advance(6_000)
    }
    expect((await written(mailshot)).map(({ machine }) => machine)).toEqual([0, 0, 0])
  })

  it('of several people at once are not taken for one scanner’s, also where no address is known', async () => {
    const { mailshot, clicks } = await trackedSend()
    for (const url of clicks) await visit(mailshot, url, { address: '127.0.0.1' })
    for (const [at, url] of clicks.entries())
      await visit(mailshot, url, { address: `203.0.113.${at}` })
    expect((await written(mailshot)).every(({ machine }) => machine === 0)).toBe(true)
  })

  it('are counted once, however often the writing of them breaks off half-way', async () => {
    const { mailshot, clicks } = await trackedSend()
    const { db } = mailshot
    let writes = 0
    async function write<Row>(...statements: SQL[]): Promise<Row[][]> {
      const answer = await db.write<Row>(...statements)
      if (++writes === 1) throw new Error('the answer was lost')
      return answer
    }
    await visit({ ...mailshot, db: { ...db, write } }, clicks[1] ?? '')
    await flushHits({ ...mailshot, db: { ...db, write } })
    expect(await written(mailshot)).toHaveLength(1)
    expect(await sendCounts(mailshot, 'events')).toEqual({ clicked: 1 })
  })

  it('of a flood are held as far as there is room for them, and the log says how many were not', async () => {
    const { mailshot, sendId } = await trackedSend()
    const { db, log } = mailshot
    const locked = () => Promise.reject(new Error('database is locked'))
    const visitor = { agent: firefox, address: '203.0.113.9' }
    const hit = {
      type: 'clicked',
      sendId,
      recipientId: 0,
      resend: 0,
      links: 2,
      machine: undefined,
    } as const
    const warn = vi.spyOn(log, 'warn')
    for (let link = 0; link < mostHeld + 5; link += 1) {
      noteHit(mailshot, { ...hit, link: link % 2, url: 'https://a.b', at: mailshot.now(), visitor })
    }
    await flushHits({ ...mailshot, db: { ...db, write: locked } })
    expect(warn).toHaveBeenCalledWith({ hits: 5 }, expect.stringMatching(/too many/))
  })

  it('by name come of those alone who agreed, and are a machine’s just after the hand-over', async () => {
    const { mailshot, sendId, named } = await trackedSend({ agreeing: true })
    await visit(mailshot, named.open)
    mailshot.clock.advance(60_000)
    await visit(mailshot, named.clicks[1] ?? '')
    const { id, email } = await person(mailshot)
    expect(await written(mailshot)).toMatchObject([
      { type: 'opened', machine: 1, word: 'scanner: too soon', email, recipient: id, send: sendId },
      { type: 'clicked', machine: 0, email, recipient: id, send: sendId },
    ])
  })

  it('on the first mail settle no second one whose answer was lost, and those on it do', async () => {
    const { mailshot, transport, sendId, named } = await trackedSend({ agreeing: true })
    const { email } = await person(mailshot)
    await resend(mailshot, sendId, { choice: { emails: [email], again: true }, actor: 'operator' })
    transport.failNext({ status: 'uncertain', reason: 'the connection broke' })
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(60_000)
    const statusAfter = async (url: string) => {
      await visit(mailshot, url)
      await flushHits(mailshot)
      return (await listRecipients(mailshot, { sendId, email })).map(({ status }) => status)
    }
    const mails = transport.handedOver.filter(({ to }) => to.address.toLowerCase() === email)
    const second = addressesIn(mails.at(-1)?.html ?? '')
    expect(await statusAfter(named.open)).toEqual(['uncertain'])
    expect(await statusAfter(second.open)).toEqual(['sent'])
  })

  it('lose their name where the consent was withdrawn before they were written', async () => {
    const { mailshot, named } = await trackedSend({ agreeing: true })
    await visit(mailshot, named.open)
    await agree(mailshot, false)
    expect(await written(mailshot)).toMatchObject([
      { type: 'opened', email: null, recipient: null },
    ])
  })
})
