import { sql } from 'drizzle-orm/sql'
import { assert, asyncProperty, jsonValue, nat } from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { StartRequest } from '../../integrations/mailshot/api/start-request.ts'
import { contentHash } from '../../integrations/mailshot/compile/content-hash.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { answerApi, apiClient, type ApiClient, apiRequest } from '../api-server.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { snapshotOf, snapshotWithImage } from './snapshot.ts'

describe('a body that POST api/sends refuses', () => {
  test('is another type than JSON', async () => {
    const { mailshot, token } = await open()
    const headers = { 'content-type': 'text/plain' }

    const request = apiRequest('POST', 'sends', { token, body: '{}', headers })

    expect(await refusalOf(answerApi(mailshot, request))).toEqual([
      415,
      'wrong-type',
      'the body must be JSON: send Content-Type: application/json',
    ])
  })

  test('is cut off', async () => {
    const { call } = await open()
    const text = JSON.stringify(await snapshotOf())

    const [status, code] = await refusalOf(call('POST', 'sends', text.slice(0, -9)))

    expect([status, code]).toEqual([400, 'malformed'])
  })

  test('is larger than 32 MB, though it does not say so', async () => {
    const { mailshot, token } = await open()
    const chunk = new Uint8Array(1024 * 1024).fill(0x20)
    let sent = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 1
        controller.enqueue(chunk)
      },
    })

    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: endless, duplex: 'half' }
    const request = new Request('https://example.org/mailshot/api/sends', init)

    const [status, code] = await refusalOf(answerApi(mailshot, request))
    expect([status, code]).toEqual([413, 'too-large'])
    expect(sent).toBeLessThan(40)
  })

  test('has a key that nobody knows, which is named with its place', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    const variant = { ...snapshot.campaign.variants['fr'], amp: [] }
    const campaign = { ...snapshot.campaign, variants: { fr: variant } }

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...snapshot, dryRun: true, campaign }),
    )

    expect(status).toBe(422)
    expect(message).toContain('campaign.variants.fr: Unrecognized key: "amp"')
    expect(message).toContain('the body: Unrecognized key: "dryRun"')
  })

  test('was compiled for another address', async () => {
    const { call } = await open()
    const local = await snapshotOf(undefined, { site: 'http://localhost:4321' })

    expect(await refusalOf(call('POST', 'sends', local))).toEqual([
      422,
      'wrong-site',
      'it was compiled for http://localhost:4321, and this is https://example.org: its links would lead elsewhere; ' +
        "let the job's mailshot.config.ts say site: 'https://example.org' (in the example site: set SITE_URL in the job)",
    ])
  })

  test('claims another address than its links have', async () => {
    const { call } = await open()
    const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const files = {
      'june.md': '---\nsubject: Un\nlists: [weekly]\n---\n![Un](un.png)\n',
      'un.png': picture,
    }
    const local = await snapshotOf(files, { site: 'http://localhost:4321' })

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...local, site: 'https://example.org' }),
    )

    expect(status).toBe(422)
    expect(message).toMatch(
      /its image http:\/\/localhost:4321\S+ is none of this site, whose images are at https:\/\/example\.org\/mailshot\/media\//,
    )
  })

  test('has content that was changed after it was compiled', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    snapshot.campaign.variants['fr']?.html.push('<img src="https://tracker.example/a.gif">')

    const [status, , message] = await refusalOf(call('POST', 'sends', snapshot))

    expect(status).toBe(422)
    expect(message).toContain('its content has not the hash that it claims')
  })

  test('says that clicks lead elsewhere than its mails link to', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    const campaign = { ...snapshot.campaign, links: ['https://evil.example/'] }

    const [status, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, campaign }))

    expect(status).toBe(422)
    expect(message).toContain('"links" are not those of its mails')
  })

  test('has one value of its content changed, whichever and into whatever', async () => {
    const { mailshot, call } = await open()
    const text = JSON.stringify(await snapshotWithImage())

    await assert(
      asyncProperty(nat(), jsonValue(), async (index, value) => {
        const body = JSON.parse(text)
        const { variants, from, replyTo, track, hash } = body.campaign
        const content = { variants, from, replyTo, track, hash }
        const places = leavesOf(content)
        const [holder, key] = places[index % places.length] ?? []
        if (!holder || key === undefined) return
        if (JSON.stringify(holder[key]) === JSON.stringify(value)) return
        holder[key] = value
        const posted = { ...body, campaign: { ...body.campaign, ...content } }

        const [status] = await refusalOf(call('POST', 'sends', posted))

        expect(status).toBe(422)
      }),
      { numRuns: 400 },
    )
    expect(await stored(mailshot)).toEqual({ sends: 0, snapshots: 0, media: 0, audit: 0 })
  })

  test('has an escape that does not exist', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    const html = [{ output: 'nom', escape: 'raw' }]

    const [status, , message] = await refusalOf(
      call('POST', 'sends', withVariant(snapshot, { html })),
    )

    expect(status).toBe(422)
    expect(message).toContain(
      'campaign.variants.fr.html[0]: is neither a text, { tag }, nor { output, escape: html |',
    )
  })

  test('has a tag that Liquid does not know', async () => {
    const { call } = await open()
    const html = [{ tag: "render 'secret'" }]

    const [status, , message] = await refusalOf(
      call('POST', 'sends', rehashed(withVariant(await snapshotOf(), { html }))),
    )

    expect(status).toBe(422)
    expect(message).toMatch(/^campaign\.variants\.fr\.html: cannot be merged: .*render/)
  })

  test('merges a field that this site does not know', async () => {
    const { call } = await open()
    const foreign = await snapshotOf(
      { 'june.md': markdown('{{ shoe_size | default: "42" }}') },
      { fields: { shoe_size: { type: 'number' } } },
    )

    const [status, , message] = await refusalOf(call('POST', 'sends', foreign))

    expect(status).toBe(422)
    expect(message).toMatch(
      /^campaign\.variants\.fr\.html: unknown merge field "shoe_size": it is neither built in nor/,
    )
  })

  test('has a block that never ends', async () => {
    const { call } = await open()
    const text = [{ tag: 'if nom' }, 'Bonjour']

    const [status, , message] = await refusalOf(
      call('POST', 'sends', rehashed(withVariant(await snapshotOf(), { text }))),
    )

    expect(status).toBe(422)
    expect(message).toMatch(/^campaign\.variants\.fr\.text: cannot be merged: .*not closed/)
  })

  test('hides a tag in a text', async () => {
    const { call } = await open()
    const html = ['\uFDD0% for i in (1..9999999) %\uFDD1x\uFDD0% endfor %\uFDD1', { tag: 'if nom' }]

    const [status, , message] = await refusalOf(
      call('POST', 'sends', rehashed(withVariant(await snapshotOf(), { html }))),
    )

    expect(status).toBe(422)
    expect(message).toContain('campaign.variants.fr.html[0]')
  })

  test('leaves readers no way to unsubscribe', async () => {
    const { call } = await open()
    const html = ['<p>Bonjour</p>']

    const [status, , message] = await refusalOf(
      call('POST', 'sends', rehashed(withVariant(await snapshotOf(), { html }))),
    )

    expect(status).toBe(422)
    expect(message).toContain('campaign.variants.fr: no unsubscribe link')
  })

  test('has a variant that the fallback does not name', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    const campaign = { ...snapshot.campaign, fallback: 'de' }

    const [, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, campaign }))

    expect(message).toContain('campaign.fallback: has no variant')
  })

  test('has an image that no media bring', async () => {
    const { call } = await open()
    const snapshot = await snapshotWithImage()

    const [status, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, media: [] }))

    expect(status).toBe(422)
    expect(message).toMatch(/^image [0-9a-f]{32}\.png is neither posted nor known to the site/)
  })

  test('has an image of another site', async () => {
    const { call } = await open()
    const snapshot = await snapshotOf()
    const url = 'https://elsewhere.example/mailshot/media/0123456789abcdef0123456789abcdef.png'
    const campaign = { ...snapshot.campaign, images: [url] }

    const [status, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, campaign }))

    expect(status).toBe(422)
    expect(message).toContain(`its image ${url} is none of this site`)
  })

  test('keeps quiet about an image that its mail shows', async () => {
    const { call } = await open()
    const snapshot = await snapshotWithImage()
    const campaign = { ...snapshot.campaign, images: [] }

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...snapshot, campaign, media: [] }),
    )

    expect(status).toBe(422)
    expect(message).toMatch(/^image [0-9a-f]{32}\.png is neither posted nor known to the site/)
  })

  test('brings an image that the campaign does not have', async () => {
    const { call } = await open()
    const { media } = await snapshotWithImage()

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...(await snapshotOf()), media }),
    )

    expect(status).toBe(422)
    expect(message).toMatch(/^media [0-9a-f]{32}\.png: the campaign has no such image/)
  })

  test.each([
    ['a script', ['<script>alert(1)</script>']],
    ['a handler', ['<img src="https://example.org/a.png" alt="" onerror="alert(1)">']],
    ['a link that runs', ['<a href="java&#x0A;script:alert(1)">x</a>']],
    [
      'an element made by a merge',
      ['<', { output: 'nom | default: "script"', escape: 'html' }, '>'],
    ],
    ['a value that is not escaped', [{ output: 'nom | default: "<script>"', escape: 'plain' }]],
  ])('puts %s on the page of the archive', async (_what, html) => {
    const { mailshot, call } = await open()
    const { campaign, ...rest } = await snapshotOf()
    const [lang = ''] = Object.keys(campaign.variants)
    const pages = { ...campaign.pages, [lang]: { kind: 'content', html } }

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...rest, campaign: { ...campaign, pages } }),
    )

    expect(status).toBe(422)
    expect(message).toMatch(/^campaign\.pages\.\w+\.html: .* may run a script; remove it$/)
    expect(await stored(mailshot)).toEqual({ sends: 0, snapshots: 0, media: 0, audit: 0 })
  })

  test('calls a page an image', async () => {
    const { mailshot, call } = await open()
    const snapshot = await snapshotWithImage()
    const bytes = Buffer.from('<!doctype html><script>alert(1)</script>').toString('base64')
    const media = snapshot.media.map((file) => ({ ...file, bytes }))

    const [status, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, media }))

    expect(status).toBe(422)
    expect(message).toMatch(
      /^media [0-9a-f]{32}\.png: it says that it is image\/png, but is no image/,
    )
    expect(await stored(mailshot)).toEqual({ sends: 0, snapshots: 0, media: 0, audit: 0 })
  })

  test('calls an SVG, which may hold scripts, a PNG', async () => {
    const { call } = await open()
    const snapshot = await snapshotWithImage()
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    const bytes = Buffer.from(svg).toString('base64')
    const media = snapshot.media.map((file) => ({ ...file, bytes }))

    const [, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, media }))

    expect(message).toContain('it says that it is image/png, but is a svg')
  })

  test('brings an image of a type that not all clients show', async () => {
    const { call } = await open()
    const snapshot = await snapshotWithImage()
    const media = snapshot.media.map((file) => ({ ...file, type: 'image/svg+xml', ext: 'svg' }))

    const [status, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, media }))

    expect(status).toBe(422)
    expect(message).toContain('media[0]: is no jpg, png or gif with the type of its ending')
  })

  test('has bytes that are not quite base64', async () => {
    const { call } = await open()
    const snapshot = await snapshotWithImage()
    const media = snapshot.media.map((file) => ({ ...file, bytes: `${file.bytes}!` }))

    const [, , message] = await refusalOf(call('POST', 'sends', { ...snapshot, media }))

    expect(message).toContain('media[0].bytes: is not base64')
  })

  test('says a time in seconds', async () => {
    const { call } = await open()

    const [status, , message] = await refusalOf(
      call('POST', 'sends', { ...(await snapshotOf()), at: 1_796_115_600 }),
    )

    expect(status).toBe(422)
    expect(message).toContain('at: is neither a time like 2026-12-01T08:00:00Z nor milliseconds')
  })

  test('says a time without its zone', async () => {
    const { call } = await open()

    const [status] = await refusalOf(
      call('POST', 'sends', { ...(await snapshotOf()), at: '2026-12-01T09:00:00' }),
    )

    expect(status).toBe(422)
  })
})

async function open(): Promise<ApiClient & { mailshot: Mailshot }> {
  const mailshot = await openTestMailshot()
  const client = await apiClient(mailshot)
  await mailshot.db.write(sql`DELETE FROM audit`)
  return { mailshot, ...client }
}

async function refusalOf(answer: Promise<Response>): Promise<[number, unknown, unknown]> {
  const response = await answer
  const { error } = Object(await response.json())
  return [response.status, error?.code, error?.message]
}

function withVariant(snapshot: StartRequest, changed: Record<string, unknown>) {
  const variants = { fr: { ...snapshot.campaign.variants['fr'], ...changed } }
  return { ...snapshot, campaign: { ...snapshot.campaign, variants } }
}

/** With the hash that a forger would give it. */
function rehashed<Body extends { campaign: object }>(body: Body): Body {
  const { variants, from, replyTo, track } = Object(body.campaign)
  const hash = contentHash({ variants, from, replyTo, track })
  return { ...body, campaign: { ...body.campaign, hash } }
}

type Holder = Record<string, unknown>

/** Every value inside, by what holds it. */
function leavesOf(value: object): [Holder, string][] {
  return Object.entries(value).flatMap(([key, inner]): [Holder, string][] => {
    const here: [Holder, string][] = [[Object(value), key]]
    return typeof inner === 'object' && inner !== null ? [...here, ...leavesOf(inner)] : here
  })
}

async function stored({ db }: Mailshot) {
  return db.get(sql`SELECT (SELECT count(*) FROM sends) AS sends, (SELECT count(*) FROM snapshots) AS snapshots,
    (SELECT count(*) FROM media) AS media, (SELECT count(*) FROM audit) AS audit`)
}
