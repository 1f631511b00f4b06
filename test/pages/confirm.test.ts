import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { confirmPage } from '../../integrations/mailshot/pages/confirm.ts'
import { networksOf, notePeer } from '../../integrations/mailshot/client-address.ts'
import { confirm, subscribe, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { ask, confirmationToken, lettersOf, placesOf, recordOf } from '../subscriber/zoe.ts'
import { dump, get, head, locationOf, noticeOf, pageOf, post, textOf } from './visit.ts'

const day = 86_400_000
let mailshot: TestMailshot
let token: string

beforeEach(async () => {
  mailshot = await openTestMailshot()
  await subscribe(mailshot, ask)
  token = await confirmationToken(mailshot)
})

describe('confirmPage by GET', () => {
  it('shows one button, and for what', async () => {
    const page = pageOf(await visit(get(`confirm/${token}`)))
    const notice = noticeOf(page)
    expect(page).toMatchObject({ status: 200, texts: { lang: 'fr' } })
    expect(notice.paragraphs[0]).toBe(
      'Encore un clic, et vous recevrez «\u00a0Hebdo\u00a0» et «\u00a0Produits\u00a0» à l’adresse Zoe@example.org.',
    )
    expect(notice.form).toEqual({ fields: {}, button: 'Confirmer mon inscription' })
  })

  it('shows the words of the boxes that the click confirms, also by a new link', async () => {
    mailshot.clock.advance(11 * 60_000)
    const fields = [
      { field: 'terms', wording: 'J’ai 16 ans <b>\nVraiment.' },
      { field: 'ads', wording: 'De la publicité : {email}' },
    ]
    await subscribe(mailshot, { ...ask, consent: { ...ask.consent, fields } })
    const boxes =
      'Par ce même clic, vous acceptez aussi\u00a0: «\u00a0J’ai 16 ans <b> Vraiment.\u00a0» et «\u00a0De la publicité : {email}\u00a0»'
    token = await confirmationToken(mailshot)
    const { paragraphs } = noticeOf(await visit(get(`confirm/${token}`)))
    expect(paragraphs).toEqual([
      expect.stringMatching(/^Encore un clic/),
      boxes,
      expect.stringMatching(/^Vous n’avez rien demandé/),
    ])
    mailshot.clock.advance(14 * day)
    await press()
    token = await confirmationToken(mailshot)
    expect(noticeOf(await visit(get(`confirm/${token}`))).paragraphs[1]).toBe(boxes)
    await press()
    const { consents = [] } = (await recordOf(mailshot)) ?? {}
    const agreed = consents.filter(({ list }) => list.startsWith('field:'))
    expect(agreed.map(({ form, confirmedAt }) => [form, confirmedAt])).toEqual([
      ['/newsletter', null],
      ['/newsletter', null],
      ['confirm', mailshot.now()],
      ['confirm', mailshot.now()],
    ])
  })

  it('changes nothing for a scanner, by HEAD or by GET', async () => {
    const before = await dump(mailshot)
    await visit(head(`confirm/${token}`))
    await visit(get(`confirm/${token}?confirm=1`))
    expect(await dump(mailshot)).toEqual(before)
  })

  it('offers a new link for one that expired, by a button, and changes nothing yet', async () => {
    mailshot.clock.advance(14 * day)
    const before = await dump(mailshot)
    const page = pageOf(await visit(get(`confirm/${token}`, { 'accept-language': 'en' })))
    expect([page.status, page.texts.lang]).toEqual([410, 'fr'])
    expect(noticeOf(page)).toMatchObject({
      paragraphs: [/quatorze jours/, /à Zoe@example\.org\./].map((text) =>
        expect.stringMatching(text),
      ),
      form: { button: 'M’envoyer un nouveau lien' },
      links: [],
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('leads to the sign-up where nothing waits any more behind a link that expired', async () => {
    await unsubscribe(mailshot, { subscriberId: 1, lists: 'all', reason: 'page' })
    mailshot.clock.advance(14 * day)
    const page = pageOf(await visit(get(`confirm/${token}`)))
    const notice = noticeOf(page)
    expect([page.status, notice.form]).toEqual([410, undefined])
    expect(notice.links).toEqual([
      { label: 'S’inscrire de nouveau', href: '/mailshot/subscribe?lang=fr' },
    ])
  })

  it('says to who has confirmed that it is done, also long after, and opens nothing then', async () => {
    await confirm(mailshot, token)
    mailshot.clock.advance(14 * day)
    const notice = noticeOf(await visit(get(`confirm/${token}`)))
    expect(notice.paragraphs.join()).toMatch(/«\u00a0Hebdo\u00a0» et «\u00a0Produits\u00a0»/)
    expect(notice.form).toBeUndefined()
    expect(notice.links.map(({ href }) => href)).toEqual(['/mailshot/links?lang=fr'])
  })

  it('says of what was left since that it has ended', async () => {
    await unsubscribe(mailshot, { subscriberId: 1, lists: 'all', reason: 'page' })
    const page = pageOf(await visit(get(`confirm/${token}`)))
    expect([page.status, noticeOf(page).heading]).toEqual([410, 'Cette inscription a été annulée'])
  })

  it('helps with a link that was cut, or made elsewhere', async () => {
    const cut = pageOf(await visit(get(`confirm/${token.slice(0, -4)}`)))
    const forged = pageOf(await visit(get(`confirm/B${token.slice(1)}`)))
    expect([cut.status, forged.status]).toEqual([404, 404])
    expect(noticeOf(cut)).toEqual(noticeOf(forged))
    expect(noticeOf(cut).links[0]?.href).toBe('mailto:redac@example.org')
  })
})

describe('confirmPage by POST', () => {
  it('confirms, and leads to a page that says so', async () => {
    expect(locationOf(await press())).toBe(`/mailshot/confirm/${token}`)
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    const notice = noticeOf(await visit(get(`confirm/${token}`)))
    expect(notice.heading).toMatch(/^C’est confirmé/)
    expect(notice.form).toBeUndefined()
    expect(notice.links).toEqual([
      {
        label: 'Modifier mes préférences',
        href: expect.stringMatching(/^\/mailshot\/preferences\/[\w-]+$/),
      },
    ])
  })

  it('notes from where it was pressed, as far as the site keeps that', async () => {
    const pressed = post(`confirm/${token}`, {}, { 'user-agent': 'Firefox' })
    notePeer(pressed, '203.0.113.77')
    const config = { ...mailshot.config, proxies: networksOf([]) }
    await confirmPage({ ...mailshot, config }, pressed, token)
    expect((await recordOf(mailshot))?.consents).toMatchObject([
      { wording: 'Je veux la lettre', confirmedIp: '203.0.113.0', confirmedUserAgent: 'Firefox' },
      { wording: 'Je veux la lettre', confirmedIp: '203.0.113.0', confirmedUserAgent: 'Firefox' },
    ])
    const kept = await mailshot.db.all(sql`SELECT text, lang FROM wordings`)
    expect(kept).toEqual([{ text: 'Je veux la lettre', lang: 'fr' }])
  })

  it('answers the same when it is pressed again', async () => {
    await press()
    const before = await dump(mailshot)
    expect(locationOf(await press())).toBe(`/mailshot/confirm/${token}`)
    expect(await dump(mailshot)).toEqual(before)
  })

  it('confirms nothing by a link that was forged, or expired with nothing waiting', async () => {
    const before = await dump(mailshot)
    const forged = await visit(post(`confirm/B${token.slice(1)}`, {}))
    expect(await dump(mailshot)).toEqual(before)
    await confirm(mailshot, token)
    mailshot.clock.advance(14 * day)
    const confirmed = await dump(mailshot)
    const expired = await press()
    expect([forged.status, expired.status]).toEqual([404, 200])
    expect(await dump(mailshot)).toEqual(confirmed)
  })

  it('mails one new link, to the same address, for one that expired: it brings what was asked then', async () => {
    mailshot.clock.advance(14 * day)
    const renewed = `/mailshot/confirm/${token}?renewed=1`
    expect([locationOf(await press()), locationOf(await press())]).toEqual([renewed, renewed])
    expect(noticeOf(await visit(get(`confirm/${token}?renewed=1`))).heading).toBe(
      'Regardez votre boîte de réception',
    )
    expect(await placesOf(mailshot)).toEqual({ weekly: 'pending', product: 'pending' })
    const letters = await lettersOf(mailshot, 'confirmation')
    expect(letters.map(({ email }) => email)).toEqual(['Zoe@example.org', 'Zoe@example.org'])

    token = await confirmationToken(mailshot)
    await press()
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    const { consents = [], ...person } = (await recordOf(mailshot)) ?? {}
    expect(person).toMatchObject({ name: 'Zoé', attributes: { city: 'Aix' } })
    expect(consents.map(({ form, confirmedAt }) => [form, confirmedAt])).toEqual([
      ['/newsletter', mailshot.now()],
      ['/newsletter', mailshot.now()],
      ['confirm', mailshot.now()],
      ['confirm', mailshot.now()],
    ])
  })

  it('mails no new link to an address that only the operator can let through', async () => {
    mailshot.clock.advance(14 * day)
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    expect((await press()).status).toBe(410)
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
  })

  it('confirms nothing by a body that is no form, and says so in the reader’s language', async () => {
    const before = await dump(mailshot)
    const answer = await visit(
      new Request(`https://example.org/mailshot/confirm/${token}`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', 'accept-language': 'en' },
      }),
    )
    expect(answer.status).toBe(415)
    expect(await textOf(answer)).toContain('Nothing was changed')
    expect(await dump(mailshot)).toEqual(before)
  })

  it('leads to our own host, whatever the address asked for looks like', async () => {
    const url = `https://example.org//mailshot/confirm/${token}`
    const answer = await visit(new Request(url, { method: 'POST', body: new URLSearchParams() }))
    expect(locationOf(answer)).toBe(`/mailshot/confirm/${token}`)
  })

  it('says whom to write to when only the operator can let mail through', async () => {
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    const page = pageOf(await press())
    expect(page.status).toBe(403)
    expect(noticeOf(page).links[0]?.href).toBe('mailto:redac@example.org')
  })
})

async function visit(request: Request) {
  return confirmPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

async function press() {
  return visit(post(`confirm/${token}`, {}))
}
