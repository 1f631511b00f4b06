import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import {
  type UnsubscribeView,
  unsubscribePage,
} from '../../integrations/mailshot/pages/unsubscribe.ts'
import { mirrorLists } from '../../integrations/mailshot/list.ts'
import type { Page } from '../../integrations/mailshot/pages/page.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import { lift, suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { memory, type MemoryTransport } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import {
  dump,
  get,
  head,
  locationOf,
  noticeOf,
  pageOf,
  post,
  postMultipart,
  textOf,
} from './visit.ts'

const minute = 60_000
const oneClick = { 'List-Unsubscribe': 'One-Click' }
let mailshot: TestMailshot
let transport: MemoryTransport
let token: string

// One reader of three lists gets a mail that two of them brought.
beforeEach(async () => {
  transport = memory()
  mailshot = await openTestMailshot({ transport, lists })
  await addReaders(mailshot, 1)
  await addReaders(mailshot, 1, { list: 'product' })
  await addReaders(mailshot, 1, { list: 'events' })
  await startFixture(mailshot, 'hello', { lists: ['product', 'weekly'] })
  await deliver(mailshot, { untilDone: true })
  const [mail] = transport.sentTo('reader1@example.net')
  token = /unsubscribe\/([\w-]+)/.exec(mail?.headers['List-Unsubscribe'] ?? '')?.[1] ?? ''
})

describe('a link of a mail to lists that have vanished from the settings since', () => {
  it('leaves the list that one has become which is renamed', async () => {
    const { weekly, product, ...rest } = mailshot.config.lists
    if (!weekly || !product) throw new Error('the lists of this test hold weekly and product')
    const renamed = { ...rest, product, news: { ...weekly, formerly: 'weekly' } }
    mailshot = { ...mailshot, config: { ...mailshot.config, lists: renamed } }
    await mirrorLists(mailshot)

    const { view } = await visit(get(`unsubscribe/${token}`))
    await answerTo(post(`unsubscribe/${token}`, oneClick))

    expect(view).toMatchObject({
      lists: expect.arrayContaining([
        expect.objectContaining({ id: 'news', isChosen: true }),
        expect.objectContaining({ id: 'product', isChosen: true }),
      ]),
    })
    expect(
      await mailshot.db.all(sql`SELECT list_id AS id FROM subscriptions WHERE status = 'active'`),
    ).toEqual([{ id: 'events' }])
  })

  it('still asks what to leave, by their titles, and one click ends them', async () => {
    const { events } = mailshot.config.lists
    if (!events) throw new Error('the lists of this test hold events')
    mailshot = { ...mailshot, config: { ...mailshot.config, lists: { events } } }
    await mirrorLists(mailshot)

    const { view } = await visit(get(`unsubscribe/${token}`))
    await answerTo(post(`unsubscribe/${token}`, oneClick))

    expect(view).toMatchObject({
      kind: 'leave',
      lists: expect.arrayContaining([
        expect.objectContaining({ id: 'weekly', title: 'Hebdo', isChosen: true }),
        expect.objectContaining({ id: 'product', title: 'Produits', isChosen: true }),
      ]),
    })
    expect(
      await mailshot.db.all(sql`SELECT list_id AS id FROM subscriptions WHERE status = 'active'`),
    ).toEqual([{ id: 'events' }])
  })
})

describe('unsubscribePage by GET', () => {
  it('asks what to leave, the lists that brought the mail first and ticked', async () => {
    const { status, texts, view } = await visit(get(`unsubscribe/${token}`))
    expect({ status, lang: texts.lang }).toEqual({ status: 200, lang: 'fr' })
    expect(view).toMatchObject({
      kind: 'leave',
      problem: undefined,
      lists: [
        { id: 'weekly', title: 'Hebdo', isChosen: true },
        { id: 'product', title: 'Produits', isChosen: true },
        { id: 'events', title: 'Agenda', isChosen: false },
      ],
    })
  })

  it('changes nothing for a scanner that follows every link of a mail, by HEAD or by GET', async () => {
    const before = await dump(mailshot)
    await visit(head(`unsubscribe/${token}`))
    await visit(get(`unsubscribe/${token}`))
    await visit(get(`unsubscribe/${token}?left=1`))
    await visit(get(`unsubscribe/${token}?undone=1&List-Unsubscribe=One-Click&leave=everything`))
    expect(await dump(mailshot)).toEqual(before)
  })

  it('speaks the reader’s language, whatever the browser’s', async () => {
    await mailshot.db.write(sql`UPDATE subscribers SET lang = 'en'`)
    const { texts } = await visit(get(`unsubscribe/${token}`, { 'accept-language': 'fr' }))
    expect(texts.lang).toBe('en')
  })

  it('needs no tick where there is one list', async () => {
    await leave({ list: ['weekly', 'events'] })
    const { view } = await visit(get(`unsubscribe/${token}`))
    expect(view).toMatchObject({ lists: [{ id: 'product', isChosen: true }] })
    expect(view).toHaveProperty('question', expect.stringContaining('«\u00a0Produits\u00a0»'))
  })

  it('says so when there is nothing to leave, and offers to come back', async () => {
    await leave({ leave: 'everything' })
    mailshot.clock.advance(31 * minute)
    const notice = noticeOf(await visit(get(`unsubscribe/${token}?left=1`)))
    expect(notice.paragraphs.join()).toContain('ne reçoit aucune de nos lettres')
    expect(notice.form).toBeUndefined()
    expect(notice.links.map(({ href }) => href)).toEqual([
      expect.stringMatching(/^\/mailshot\/preferences\//),
      '/mailshot/subscribe?lang=fr',
    ])
  })
})

describe('unsubscribePage by its button', () => {
  it('leaves the lists that are ticked, and no other', async () => {
    expect(await leave({ list: ['weekly', 'events'] })).toBe(
      `/mailshot/unsubscribe/${token}?left=1`,
    )
    expect(await places()).toEqual({ weekly: 'page', product: 'active', events: 'page' })
    expect(await mailshot.db.all(sql`SELECT * FROM suppressions`)).toEqual([])
  })

  it('leaves everything, and lets no mail through any more', async () => {
    await leave({ leave: 'everything', list: ['weekly'] })
    expect(await places()).toEqual({ weekly: 'page', product: 'page', events: 'page' })
    expect(await mailshot.db.all(sql`SELECT email, reason, note FROM suppressions`)).toEqual([
      { email: 'reader1@example.net', reason: 'unsubscribe', note: 'page' },
    ])
  })

  it('says what was left, and how to take it back', async () => {
    const notice = noticeOf(await visit(get(after(await leave({ list: ['weekly'] })))))
    expect(notice.paragraphs[0]).toBe(
      'L’adresse Reader1@example.net ne recevra plus «\u00a0Hebdo\u00a0».',
    )
    expect(notice.form?.fields).toEqual({ undo: String(mailshot.now()) })
  })

  it('asks again when nothing is ticked', async () => {
    const before = await dump(mailshot)
    const { status, view } = await visit(post(`unsubscribe/${token}`, { leave: 'chosen' }))
    expect({ status, ...view }).toMatchObject({
      status: 422,
      problem: 'Cochez au moins une lettre.',
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('asks again for a list that the reader never was on', async () => {
    const { status } = await visit(post(`unsubscribe/${token}`, { list: 'staff' }))
    expect(status).toBe(422)
  })

  it('may be pressed twice', async () => {
    await leave({ list: ['weekly'] })
    const before = await dump(mailshot)
    expect(await leave({ list: ['weekly'] })).toBe(`/mailshot/unsubscribe/${token}?left=1`)
    expect(await dump(mailshot)).toEqual(before)
  })

  it('is undone by the button of the page that follows', async () => {
    const before = await dump(mailshot)
    const { form } = noticeOf(await visit(get(after(await leave({ leave: 'everything' })))))
    const answer = await answerTo(post(`unsubscribe/${token}`, form?.fields ?? {}))
    expect(locationOf(answer)).toBe(`/mailshot/unsubscribe/${token}?undone=1`)
    // That somebody left by this mail is noted, and counted for its send; a goodbye was queued, and taken back.
    const { audit, send_counts, sqlite_sequence } = await dump(mailshot)
    expect(await dump(mailshot)).toEqual({ ...before, audit, send_counts, sqlite_sequence })
    const notice = noticeOf(await visit(get(after(locationOf(answer)))))
    expect(notice.heading).toBe('Votre désinscription est annulée')
    expect(notice.paragraphs).toEqual([
      'L’adresse Reader1@example.net reçoit «\u00a0Hebdo\u00a0», «\u00a0Produits\u00a0» et «\u00a0Agenda\u00a0» comme avant.',
    ])
    const again = await answerTo(post(`unsubscribe/${token}`, form?.fields ?? {}))
    expect(locationOf(again)).toBe(`/mailshot/unsubscribe/${token}?undone=1`)
  })

  it('tells of what was undone only that, and what waits for its confirmation again', async () => {
    await mailshot.db.write(sql`
      UPDATE subscriptions SET status = 'pending', active_at = NULL WHERE list_id = 'weekly'`)
    await leave({ list: ['weekly', 'product'] })
    const location = locationOf(await undo())
    expect(noticeOf(await visit(get(after(location)))).paragraphs).toEqual([
      'L’adresse Reader1@example.net reçoit «\u00a0Produits\u00a0» comme avant.',
      expect.stringMatching(/^En attente de votre confirmation\u00a0: «\u00a0Hebdo\u00a0»\./),
    ])
  })

  it('says that it is too late to undo what was left half an hour ago', async () => {
    await leave({ list: ['weekly'] })
    const at = mailshot.now()
    mailshot.clock.advance(30 * minute)
    const before = await dump(mailshot)
    const page = pageOf(await undo(at))
    expect([page.status, noticeOf(page).heading]).toEqual([410, 'Trop tard pour annuler'])
    expect(noticeOf(page).links[0]?.href).toMatch(/^\/mailshot\/preferences\//)
    expect(await dump(mailshot)).toEqual(before)
  })

  it('claims nothing undone to whoever merely opens that address, or has left again since', async () => {
    const opened = await visit(get(`unsubscribe/${token}?undone=1`))
    expect(opened.view.kind).toBe('leave')
    await leave({ leave: 'everything' })
    expect(noticeOf(await visit(get(`unsubscribe/${token}?undone=1`))).heading).toBe(
      'Aucune inscription',
    )
    await undo()
    mailshot.clock.advance(minute)
    await leave({ leave: 'everything' })
    expect(noticeOf(await visit(get(`unsubscribe/${token}?undone=1`))).heading).toBe(
      'Aucune inscription',
    )
  })

  it('undoes nothing for an address that the operator has blocked since', async () => {
    await leave({ list: ['weekly'] })
    await suppress(mailshot, 'reader1@example.net', { reason: 'manual', actor: 'command' })
    const before = await dump(mailshot)
    const page = pageOf(await undo())
    expect([page.status, noticeOf(page).heading]).toEqual([
      403,
      'Cette adresse ne reçoit plus rien de nous',
    ])
    expect(await dump(mailshot)).toEqual(before)
  })

  it('says of an address that gets nothing already that it does, with nothing to press', async () => {
    await leave({ list: ['weekly'] })
    const headings: string[] = []
    for (const reason of ['hard-bounce', 'manual', 'complaint'] as const) {
      await suppress(mailshot, 'reader1@example.net', { reason, actor: 'event' })
      const notice = noticeOf(await visit(get(`unsubscribe/${token}?left=1`)))
      expect(notice.form).toBeUndefined()
      expect(notice.links.map(({ href }) => href)).toEqual(['mailto:redac@example.org'])
      headings.push(notice.heading)
      await lift(mailshot, 'reader1@example.net', { actor: 'command' })
    }
    expect(new Set(headings)).toEqual(new Set(['Cette adresse ne reçoit déjà plus rien']))
  })

  it('leads to our own host, whatever the address asked for looks like', async () => {
    const request = new Request(`https://example.org//mailshot/unsubscribe/${token}`, {
      method: 'POST',
      body: new URLSearchParams({ list: 'weekly' }),
    })
    expect(locationOf(await answerTo(request))).toBe(`/mailshot/unsubscribe/${token}?left=1`)
  })

  it('undoes nothing for a moment that is no number', async () => {
    await leave({ list: ['weekly'] })
    const before = await dump(mailshot)
    const answers = [await undo('1e99'), await undo(''), await undo('9'.repeat(20)), await undo(1)]
    expect(answers.map(({ status }) => status)).toEqual([410, 410, 410, 410])
    expect(await dump(mailshot)).toEqual(before)
  })
})

describe('unsubscribePage with the question why', () => {
  it('asks after leaving, never before, and counts the answer for the send, once', async () => {
    expect((await visit(get(`unsubscribe/${token}`))).view).not.toHaveProperty('why')
    const left = after(await leave({ list: ['weekly'] }))
    expect(noticeOf(await visit(get(left))).why?.choices[0]).toEqual({
      value: 'often',
      label: 'Trop de messages',
    })
    expect(await leave({ why: 'often', note: ' Chaque jour ! ' })).toContain('?left=1&told=1')
    await leave({ why: 'content' })
    const told = noticeOf(await visit(get(`${left}&told=1`)))
    expect(told.why).toBeUndefined()
    expect(told.paragraphs.at(-1)).toBe('Merci de nous l’avoir dit.')
    expect(told.form?.fields).toHaveProperty('undo')
    expect(await whyLeft()).toEqual([{ reason: 'often', note: 'Chaque jour !' }])
    const { reasons } = await readStatistics(mailshot, 'hello')
    expect(reasons).toEqual([{ reason: 'often', people: 1 }])
  })

  it('takes no answer that is none of ours, or of who has not just left', async () => {
    const before = await dump(mailshot)
    await leave({ why: 'often' })
    expect(await dump(mailshot)).toEqual(before)
    await leave({ list: ['weekly'] })
    await leave({ why: 'because' })
    mailshot.clock.advance(31 * minute)
    await leave({ why: 'often' })
    expect(await whyLeft()).toEqual([])
  })
})

describe('unsubscribePage by one click (RFC 8058)', () => {
  it('leaves every list that brought the mail, at once', async () => {
    const answer = await answerTo(post(`unsubscribe/${token}`, oneClick))
    expect(answer).toBeInstanceOf(Response)
    expect(answer.status).toBe(200)
    expect(await places()).toEqual({
      weekly: 'one-click',
      product: 'one-click',
      events: 'active',
    })
  })

  it('takes the other body type too', async () => {
    const answer = await answerTo(postMultipart(`unsubscribe/${token}`, oneClick))
    expect(answer.status).toBe(200)
    expect(await places()).toMatchObject({ weekly: 'one-click', product: 'one-click' })
  })

  it('understands a mail service that adds space, or writes it in another case', async () => {
    const bodies = [
      'List-Unsubscribe=One-Click\r\n',
      'List-Unsubscribe=%20One-Click',
      'list-unsubscribe=one-click',
      ' List-Unsubscribe =One-Click',
    ]
    const type = 'application/x-www-form-urlencoded'
    expect(await reasonsAfter(bodies, type)).toEqual(Array(4).fill('one-click'))
  })

  it('understands a multipart body whose lines end with a bare line feed', async () => {
    const lines = ['--b', 'Content-Disposition: form-data; name="List-Unsubscribe"', '']
    const body = [...lines, 'One-Click', '--b--', ''].join('\n')
    expect(await reasonsAfter([body], 'multipart/form-data; boundary=b')).toEqual(['one-click'])
    expect(
      await reasonsAfter([body.replace('One-', 'No-')], 'multipart/form-data; boundary=b'),
    ).toEqual(['active'])
  })

  it('answers the same when it is posted again', async () => {
    await answerTo(post(`unsubscribe/${token}`, oneClick))
    const before = await dump(mailshot)
    const answer = await answerTo(post(`unsubscribe/${token}`, oneClick))
    expect(answer.status).toBe(200)
    expect(await dump(mailshot)).toEqual(before)
  })

  it('offers no undo: nobody was looking at a page', async () => {
    await answerTo(post(`unsubscribe/${token}`, oneClick))
    const { view } = await visit(get(`unsubscribe/${token}?left=1`))
    expect(view.kind).toBe('leave')
  })

  it('leaves all lists of a reader whose mail is not known any more', async () => {
    await mailshot.db.write(sql`DELETE FROM recipients`)
    await answerTo(post(`unsubscribe/${token}`, oneClick))
    expect(await places()).toEqual({
      weekly: 'one-click',
      product: 'one-click',
      events: 'one-click',
    })
    expect(await mailshot.db.all(sql`SELECT * FROM suppressions`)).toEqual([])
  })

  it('leaves all lists from a test mail to a subscriber', async () => {
    await answerTo(post(`unsubscribe/${sign([1, 0])}`, oneClick))
    expect(Object.values(await places())).toEqual(['one-click', 'one-click', 'one-click'])
  })

  it('takes no other reader’s mail for theirs', async () => {
    await addReaders(mailshot, 1, { from: 2, list: 'events' })
    const other = await idOf('reader2@example.net')
    await answerTo(post(`unsubscribe/${sign([other, 1])}`, oneClick))
    expect(Object.values(await places())).toEqual(['active', 'active', 'active'])
    expect(await endedOf(other)).toEqual([{ list: 'events', reason: 'one-click' }])
  })

  it('refuses a link that was not made here, and changes nothing', async () => {
    const before = await dump(mailshot)
    const forged = `${token.slice(0, 4)}${token[4] === 'A' ? 'B' : 'A'}${token.slice(5)}`
    const cut = token.slice(0, -3)
    const answers = [
      await answerTo(post(`unsubscribe/${forged}`, oneClick)),
      await answerTo(post(`unsubscribe/${cut}`, oneClick)),
      await answerTo(post(`unsubscribe/${sign([1, 1], 'preferences')}`, oneClick)),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(await dump(mailshot)).toEqual(before)
  })

  it('refuses a body that is no form, and changes nothing', async () => {
    const before = await dump(mailshot)
    const answer = await answerTo(
      new Request(`https://example.org/mailshot/unsubscribe/${token}`, {
        method: 'POST',
        body: '{"List-Unsubscribe":"One-Click"}',
        headers: { 'content-type': 'application/json' },
      }),
    )
    expect(answer.status).toBe(415)
    expect(await textOf(answer)).toMatch(/Rien n’a été changé/)
    expect(await dump(mailshot)).toEqual(before)
  })
})

describe('unsubscribePage behind a link that leads nowhere', () => {
  it('explains a link that was cut, and leads on', async () => {
    const page = await visit(get(`unsubscribe/${token.slice(0, -3)}`, { 'accept-language': 'en' }))
    expect(page.status).toBe(404)
    const notice = noticeOf(page)
    expect(notice.heading).toBe('This link does not work')
    expect(notice.links.map(({ href }) => href)).toEqual([
      'mailto:redac@example.org',
      '/mailshot/links?lang=en',
      '/mailshot/subscribe?lang=en',
    ])
  })

  it('says of a test mail that it was one', async () => {
    for (const test of ['sample', sign([0, 0])]) {
      const page = await visit(get(`unsubscribe/${test}`))
      expect([page.status, noticeOf(page).heading]).toEqual([200, 'C’était un message d’essai'])
      expect((await answerTo(post(`unsubscribe/${test}`, oneClick))).status).toBe(200)
    }
  })

  it('says of an erased reader that nothing is known any more', async () => {
    const page = await visit(get(`unsubscribe/${sign([99, 1])}`))
    expect([page.status, noticeOf(page).heading]).toEqual([
      410,
      'Nous ne connaissons plus cette adresse',
    ])
    expect((await answerTo(post(`unsubscribe/${sign([99, 1])}`, oneClick))).status).toBe(200)
    expect((await answerTo(post(`unsubscribe/${sign([99, 1])}`, {}))).status).toBe(410)
  })
})

const lists = {
  weekly: { title: { fr: 'Hebdo', en: 'Weekly' } },
  product: { title: { fr: 'Produits', en: 'Products' } },
  events: { title: { fr: 'Agenda', en: 'Events' } },
}

function sign(ids: number[], purpose: 'unsubscribe' | 'preferences' = 'unsubscribe'): string {
  return signToken([testSecret], purpose, ids)
}

async function answerTo(request: Request): Promise<Page<UnsubscribeView> | Response> {
  const path = new URL(request.url).pathname
  return unsubscribePage(mailshot, request, path.split('/').at(-1))
}

async function visit(request: Request): Promise<Page<UnsubscribeView>> {
  return pageOf(await answerTo(request))
}

/** Presses the button that takes back what was left at a time: just now, unless told. */
async function undo(
  at: number | string = mailshot.now(),
): Promise<Page<UnsubscribeView> | Response> {
  return answerTo(post(`unsubscribe/${token}`, { undo: String(at) }))
}

/** What one list is after each of these bodies was posted; it is active before each. */
async function reasonsAfter(bodies: string[], type: string): Promise<unknown[]> {
  const reasons: unknown[] = []
  for (const body of bodies) {
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'active'`)
    const headers = { 'content-type': type }
    const url = `https://example.org/mailshot/unsubscribe/${token}`
    await answerTo(new Request(url, { method: 'POST', body, headers }))
    reasons.push((await places())['weekly'])
  }
  return reasons
}

/** Presses a button of the page; answers where that leads. */
async function leave(fields: Record<string, string | string[]>): Promise<string> {
  return locationOf(await answerTo(post(`unsubscribe/${token}`, fields)))
}

function after(location: string): string {
  return location.replace('/mailshot/', '')
}

/** Where reader 1 is: `active`, or why it ended. */
async function places(): Promise<Record<string, string>> {
  const rows = await mailshot.db.all<{ list: string; is: string }>(
    sql`SELECT list_id AS list, CASE status WHEN 'unsubscribed' THEN end_reason ELSE status END AS "is"
        FROM subscriptions WHERE subscriber_id = 1`,
  )
  return Object.fromEntries(rows.map((row) => [row.list, row.is]))
}

async function whyLeft() {
  return mailshot.db.all(
    sql`SELECT detail ->> 'reason' AS reason, detail ->> 'note' AS note FROM audit WHERE action = 'leave-reason'`,
  )
}

async function idOf(email: string): Promise<number> {
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM subscribers WHERE email = ${email}`,
  )
  return row?.id ?? 0
}

async function endedOf(subscriberId: number) {
  return mailshot.db.all(
    sql`SELECT list_id AS list, end_reason AS reason FROM subscriptions
        WHERE subscriber_id = ${subscriberId}`,
  )
}
