import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { stayPage } from '../integrations/mailshot/pages/stay.ts'
import { forget } from '../integrations/mailshot/privacy/tend.ts'
import { planPurge } from '../integrations/mailshot/purge.ts'
import {
  listReconsents,
  planReconsent,
  startReconsent,
  stopReconsent,
} from '../integrations/mailshot/reconsent.ts'
import { tendReconsents } from '../integrations/mailshot/reconsent/tend.ts'
import { cancelSend } from '../integrations/mailshot/send.ts'
import { changePreferences, unsubscribe } from '../integrations/mailshot/subscriber.ts'
import { pausePerson } from '../integrations/mailshot/subscriber/pause.ts'
import { listConsents } from '../integrations/mailshot/subscriber/read.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { campaignFolder } from './campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { dump, get, locationOf, noticeOf, pageOf, post } from './pages/visit.ts'
import { addReaders } from './people.ts'

const day = 86_400_000
const request = { list: 'weekly', days: 30, actor: 'test' }

/** A list of so many readers who came a year ago. */
async function oldList(count: number, config = {}) {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport, ...config })
  await addReaders(mailshot, count)
  mailshot.clock.advance(400 * day)
  return { mailshot, transport }
}

/** The same, all of them asked; answers their tokens, by the numbers of the readers. */
async function askedList(count: number) {
  const { mailshot, transport } = await oldList(count)
  const started = await startReconsent(mailshot, request)
  await deliver(mailshot, { untilDone: true })
  const tokens = transport.messages.flatMap(({ to, text }) => {
    const [, number] = /reader(\d+)@/i.exec(to.address) ?? []
    const [, token] = /\/stay\/([\w-]+)/.exec(text) ?? []
    return number && token ? [[Number(number), token] as const] : []
  })
  return { mailshot, transport, started, tokens: new Map(tokens) }
}

async function placesOf({ db }: TestMailshot): Promise<Record<string, string>> {
  const rows = await db.all<{ id: string; status: string }>(sql`
    SELECT subscriber_id AS id, status || ifnull(' ' || end_reason, '') AS status FROM subscriptions ORDER BY 1`)
  return Object.fromEntries(rows.map(({ id, status }) => [id, status]))
}

describe('startReconsent', () => {
  it('mails everybody of a list a button to stay, and one to leave, in their language', async () => {
    const { transport, started, tokens } = await askedList(2)
    expect(started).toMatchObject({ list: 'weekly', days: 30, status: 'open', asked: 0 })
    expect([...tokens.keys()]).toEqual([1, 2])
    const mail = transport.messages.find(({ to }) => to.address === 'Reader1@example.net')
    expect(mail?.subject).toBe('Les Nouvelles\u00a0: souhaitez-vous rester\u202f?')
    expect(mail?.text).toContain('«\u00a0Hebdo\u00a0»')
    expect(mail?.text).toContain('sous 30\u00a0jours')
    expect(mail?.html).toContain('/mailshot/unsubscribe/')
    expect(mail?.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
  })

  it('asks nobody who signed up or confirmed within six months, and no list twice within them', async () => {
    const { mailshot } = await oldList(2)
    await addReaders(mailshot, 1, { from: 3 })
    expect(await planReconsent(mailshot, request)).toMatchObject({ readers: 2, of: 3 })
    await startReconsent(mailshot, request)
    await expect(startReconsent(mailshot, request)).rejects.toThrow(
      /its readers were asked on 2027-12-27 .* nobody is asked twice within 6 months/,
    )
    await expect(planReconsent(mailshot, { ...request, list: 'weeky' })).rejects.toThrow(
      'there is no list "weeky"; did you mean "weekly"?',
    )
  })

  it('is made with its send or not at all, and may be asked anew where nobody was mailed', async () => {
    const { mailshot } = await oldList(1)
    await mailshot.db.write(
      sql`CREATE TRIGGER killed BEFORE INSERT ON reconsents BEGIN SELECT raise(ABORT, 'killed'); END`,
    )
    await expect(startReconsent(mailshot, request)).rejects.toThrow(/killed|constraint/i)
    expect(await mailshot.db.all(sql`SELECT id FROM sends`)).toEqual([])
    await mailshot.db.write(sql`DROP TRIGGER killed`)
    const [first, second] = await Promise.all([
      startReconsent(mailshot, request),
      startReconsent(mailshot, request),
    ])
    expect(second.sendId).toBe(first.sendId)
    await cancelSend(mailshot, first.sendId, { actor: 'test' })
    await tendReconsents(mailshot)
    expect((await startReconsent(mailshot, request)).sendId).not.toBe(first.sendId)
  })

  it('uses the words of the site, and refuses them where they lack the button', async () => {
    const { mailshot, transport } = await oldList(1)
    const { campaigns } = campaignFolder({})
    const site = { ...mailshot, config: { ...mailshot.config, campaigns } }
    mkdirSync(join(campaigns, 'letters'), { recursive: true })
    const file = join(campaigns, 'letters', 're-consent.md')
    writeFileSync(file, '---\nsubject: Encore là ?\n---\n\n[Non]({{ url_unsubscribe }})\n')
    await expect(startReconsent(site, request)).rejects.toThrow(/url_stay/)
    writeFileSync(
      file,
      '---\nsubject: Encore là ?\n---\n\n[Oui]({{ url_stay }}) {{ list_title }}\n',
    )
    await startReconsent(site, request)
    await deliver(mailshot, { untilDone: true })
    const mail = transport.messages.find(({ to }) => to.address === 'Reader1@example.net')
    expect(mail?.subject).toBe('Encore là ?')
    expect(mail?.text).toMatch(/\/stay\/[\w-]+\) Hebdo|Hebdo/)
  })
})

describe('stayPage', () => {
  it('changes nothing by GET, and keeps the reader by its button, once', async () => {
    const { mailshot, tokens } = await askedList(1)
    const token = tokens.get(1) ?? ''
    const before = await dump(mailshot)
    const page = pageOf(await stayPage(mailshot, get(`stay/${token}`), token))
    expect(noticeOf(page)).toMatchObject({
      form: { button: 'Oui, je souhaite rester' },
      links: [{ label: 'Non, me désinscrire', href: expect.stringContaining('/unsubscribe/') }],
    })
    expect(await dump(mailshot)).toEqual(before)
    const pressed = await stayPage(mailshot, post(`stay/${token}`, {}), token)
    expect(locationOf(pressed)).toBe(`/mailshot/stay/${token}`)
    expect(pageOf(await stayPage(mailshot, post(`stay/${token}`, {}), token)).status).toBe(200)
    const consents = await listConsents(mailshot, 1)
    expect(consents).toMatchObject([
      {
        list: 'weekly',
        source: 're-consent',
        form: 'stay',
        lang: 'fr',
        confirmedAt: mailshot.now(),
      },
    ])
    const words = /^Souhaitez-vous rester[\s\S]* \{email\}\.[\s\S]*Oui, je souhaite rester$/
    expect(consents[0]?.wording).toMatch(words)
    const after = pageOf(await stayPage(mailshot, get(`stay/${token}`), token))
    expect(noticeOf(after).heading).toBe('Merci, vous restez avec nous')
  })

  it('says to who has left that they have, and helps with a link of nobody', async () => {
    const { mailshot, tokens } = await askedList(1)
    const token = tokens.get(1) ?? ''
    await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' })
    const late = pageOf(await stayPage(mailshot, post(`stay/${token}`, {}), token))
    const cut = pageOf(await stayPage(mailshot, get('stay/abc'), 'abc'))
    expect([late.status, cut.status]).toEqual([410, 404])
    expect(await placesOf(mailshot)).toEqual({ 1: 'unsubscribed page' })
  })
})

describe('tendReconsents', () => {
  it('takes off who has not answered in time, and nobody else', async () => {
    const { mailshot, tokens, started } = await askedList(5)
    await addReaders(mailshot, 1, { from: 6 })
    await stayPage(mailshot, post('stay/x', {}), tokens.get(1))
    await unsubscribe(mailshot, { subscriberId: 2, lists: ['weekly'], reason: 'one-click' })
    await mailshot.db.write(
      sql`UPDATE recipients SET delivery = 'bounced', delivery_class = 'soft' WHERE subscriber_id = 3`,
    )
    mailshot.clock.advance(29 * day)
    await tendReconsents(mailshot)
    expect(Object.values(await placesOf(mailshot)).filter((one) => one === 'active').length).toBe(5)
    expect((await planPurge(mailshot, 1)).sends).toEqual([])
    mailshot.clock.advance(2 * day)
    await tendReconsents(mailshot)
    mailshot.clock.advance(day)
    await tendReconsents(mailshot)
    expect(await placesOf(mailshot)).toEqual({
      1: 'active',
      2: 'unsubscribed one-click',
      3: 'active',
      4: 'unsubscribed re-consent',
      5: 'unsubscribed re-consent',
      6: 'active',
    })
    expect(await listReconsents(mailshot)).toMatchObject([
      { sendId: started.sendId, status: 'done', asked: 5, stayed: 1, left: 1, silent: 2 },
    ])
    const [line] = await mailshot.db.all(
      sql`SELECT actor, action, detail FROM audit WHERE subject = 'subscriber:4'`,
    )
    expect(line).toEqual({
      actor: 'mailshot',
      action: 'unsubscribe',
      detail: `{"lists":["weekly"],"reason":"re-consent","send":"${started.sendId}"}`,
    })
  })
})

describe('an asking whose send goes on for long', () => {
  it('takes off who was mailed first, and is open as long as somebody is to be mailed', async () => {
    const { mailshot } = await askedList(2)
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'pending', in_hand_at = NULL, settled_at = 1 WHERE subscriber_id = 2`,
      sql`UPDATE sends SET status = 'paused'`,
    )
    mailshot.clock.advance(31 * day)
    await tendReconsents(mailshot)
    expect(await placesOf(mailshot)).toEqual({ 1: 'unsubscribed re-consent', 2: 'active' })
    expect(await listReconsents(mailshot)).toMatchObject([{ status: 'open', silent: 1 }])
  })
})

describe('who has answered otherwise', () => {
  it('stays by taking a break, and by saving their page with the list ticked', async () => {
    const { mailshot, tokens } = await askedList(3)
    await pausePerson(mailshot, { subscriberId: 1, day: '2028-06-01' })
    const form = { shown: ['weekly'], chosen: ['weekly'], name: 'Two', lang: 'fr' }
    await changePreferences(mailshot, { ...form, subscriberId: 2, consent: { wording: 'Save' } })
    await changePreferences(mailshot, { ...form, subscriberId: 2, consent: { wording: 'Save' } })
    mailshot.clock.advance(31 * day)
    await tendReconsents(mailshot)
    expect(await placesOf(mailshot)).toEqual({
      1: 'active',
      2: 'active',
      3: 'unsubscribed re-consent',
    })
    expect(await listConsents(mailshot, 2)).toMatchObject([{ form: 'stay', wording: 'Save' }])
    const late = pageOf(await stayPage(mailshot, post('stay/x', {}), tokens.get(3)))
    expect([late.status, await listConsents(mailshot, 3)]).toEqual([410, []])
  })

  it('stays by a break that the audit keeps no longer than the asking is open', async () => {
    const { mailshot } = await oldList(1, { privacy: { keepAuditMonths: 1 } })
    await startReconsent(mailshot, { ...request, days: 60 })
    await deliver(mailshot, { untilDone: true })
    await pausePerson(mailshot, { subscriberId: 1, day: '2028-06-01' })
    mailshot.clock.advance(50 * day)
    await forget(mailshot, { actor: 'test' })
    mailshot.clock.advance(11 * day)
    await tendReconsents(mailshot)
    expect(await placesOf(mailshot)).toEqual({ 1: 'active' })
    await tendReconsents(mailshot)
    expect(await listReconsents(mailshot)).toMatchObject([{ status: 'done' }])
    await forget(mailshot, { actor: 'test' })
    expect(await mailshot.db.all(sql`SELECT 1 FROM audit WHERE action = 'pause'`)).toEqual([])
  })

  it('stays where the mail went to somebody else', async () => {
    const { mailshot } = await oldList(1, { redirectTo: 'test@example.org' })
    await startReconsent(mailshot, request)
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(31 * day)
    await tendReconsents(mailshot)
    expect(await placesOf(mailshot)).toEqual({ 1: 'active' })
    expect(await listReconsents(mailshot)).toMatchObject([{ asked: 1, silent: 0, status: 'done' }])
  })
})

describe('stopReconsent', () => {
  it('ends it: nobody is mailed any more, and nobody leaves by it', async () => {
    const { mailshot, transport } = await oldList(2)
    await startReconsent(mailshot, request)
    expect(await stopReconsent(mailshot, 'weekly', 'test')).toMatchObject({ status: 'stopped' })
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(60 * day)
    await tendReconsents(mailshot)
    expect(transport.messages.filter(({ to }) => /reader/i.test(to.address))).toEqual([])
    expect(Object.values(await placesOf(mailshot))).toEqual(['active', 'active'])
    await expect(stopReconsent(mailshot, 'weekly', 'test')).rejects.toThrow(
      /nobody is asked just now/,
    )
  })
})
