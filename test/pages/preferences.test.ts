import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { findSuppression, suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { active, ask, lettersOf, placesOf, recordOf } from '../subscriber/zoe.ts'
import { dump, type Fields, get, head, locationOf, noticeOf, pageOf, post } from './visit.ts'

let mailshot: TestMailshot
let token: string

// Zoé is on two public lists, on one that is not public, and not on a third public one.
beforeEach(async () => {
  mailshot = await openTestMailshot({ lists, fields: ownFields })
  const subscriberId = await active(mailshot)
  await mailshot.db.write(sql`
    INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at)
    VALUES (${subscriberId}, 'staff', 'pending', ${mailshot.now()})`)
  token = signToken([testSecret], 'preferences', [subscriberId])
})

describe('preferencesPage by GET', () => {
  it('shows what the person gets and could get, their name and their language', async () => {
    const { status, texts, view } = pageOf(await visit(get(`preferences/${token}`)))
    expect([status, texts.lang]).toEqual([200, 'fr'])
    expect(view).toMatchObject({
      intro: 'Pour l’adresse Zoe@example.org',
      done: undefined,
      name: 'Zoé',
      lists: [
        { id: 'weekly', title: 'Hebdo', isChosen: true, note: undefined },
        { id: 'product', isChosen: true },
        { id: 'events', isChosen: false },
        { id: 'staff', title: 'Équipe', isChosen: true, note: expect.stringContaining('attente') },
      ],
      languages: expect.arrayContaining([
        { lang: 'en', name: 'English', isChosen: false },
        { lang: 'fr', name: 'français', isChosen: true },
      ]),
    })
  })

  it('does not show a list that is not public to one who is not on it', async () => {
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE list_id = 'staff'`,
    )
    const { view } = pageOf(await visit(get(`preferences/${token}`)))
    expect(view).toHaveProperty('lists.length', 3)
  })

  it('keeps a language that we have no texts in', async () => {
    await mailshot.db.write(sql`UPDATE subscribers SET lang = 'br'`)
    const { texts, view } = pageOf(await visit(get(`preferences/${token}`)))
    expect(texts.lang).toBe('fr')
    const languages = view.kind === 'preferences' ? view.languages : []
    expect(languages.filter(({ isChosen }) => isChosen)).toMatchObject([{ lang: 'br' }])
  })

  it('changes nothing for a scanner, by HEAD or by GET', async () => {
    const before = await dump(mailshot)
    await visit(head(`preferences/${token}`))
    await visit(get(`preferences/${token}?do=leave-everything&saved=1&shown=weekly`))
    expect(await dump(mailshot)).toEqual(before)
  })

  it('helps with a link that is wrong, of a test mail, or of an erased person', async () => {
    const wrong = [token.slice(0, -1), sign([1], 'unsubscribe'), sign([0]), 'sample', sign([99])]
    const pages = await Promise.all(wrong.map((one) => visit(get(`preferences/${one}`))))
    expect(pages.map(({ status }) => status)).toEqual([404, 404, 200, 200, 410])
  })
})

describe('preferencesPage by POST', () => {
  it('saves, and leads to a page that says so', async () => {
    const form = { ...filled, list: ['weekly', 'events'], name: 'Zoé B.', lang: 'en' }
    expect(await save(form)).toBe(`/mailshot/preferences/${token}?saved=1`)
    expect(await placesOf(mailshot)).toEqual({
      weekly: 'active',
      product: 'unsubscribed',
      events: 'active',
      staff: 'unsubscribed',
    })
    expect(await recordOf(mailshot)).toMatchObject({ name: 'Zoé B.', lang: 'en' })
    const { texts, view } = pageOf(await visit(get(`preferences/${token}?saved=1`)))
    expect(texts.lang).toBe('en')
    expect(view).toMatchObject({ done: 'Saved.', name: 'Zoé B.' })
  })

  it('joins at once, and keeps the words that were agreed to', async () => {
    await save({ ...filled, list: ['weekly', 'product', 'events', 'staff'] })
    const { consents = [] } = (await recordOf(mailshot)) ?? {}
    expect(consents.at(-1)).toMatchObject({
      source: 'form',
      form: 'preferences',
      wording:
        'Je souhaite recevoir\nHebdo\nProduits\nAgenda\nLe premier du mois\nÉquipe\nEnregistrer',
      confirmedAt: mailshot.now(),
    })
    expect(await placesOf(mailshot)).toMatchObject({ events: 'active', staff: 'active' })
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
  })

  it('leaves everything by its other button, and says so', async () => {
    expect(await save({ ...filled, do: 'leave-everything' })).toBe(
      `/mailshot/preferences/${token}?left=1`,
    )
    expect(new Set(Object.values(await placesOf(mailshot)))).toEqual(new Set(['unsubscribed']))
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({ note: 'preferences' })
    const { view } = pageOf(await visit(get(`preferences/${token}?left=1`)))
    expect(view).toHaveProperty('done', expect.stringContaining('nous n’écrirons plus'))
  })

  it('claims so only as long as it is so', async () => {
    const doneAt = async (path: string) => {
      const { view } = pageOf(await visit(get(path)))
      return view.kind === 'preferences' ? view.done : view.kind
    }
    expect(await doneAt(`preferences/${token}?left=1`)).toBeUndefined()
    await save({ ...filled, do: 'leave-everything' })
    await save({ ...filled, shown: 'weekly', list: 'weekly' })
    expect(await doneAt(`preferences/${token}?left=1`)).toBeUndefined()
  })

  it('leads to our own host, whatever the address asked for looks like', async () => {
    const url = `https://example.org//mailshot/preferences/${token}`
    const body = new URLSearchParams({ do: 'leave-everything' })
    const answer = await visit(new Request(url, { method: 'POST', body }))
    expect(locationOf(answer)).toBe(`/mailshot/preferences/${token}?left=1`)
  })

  it('lets a person come back who had left everything', async () => {
    await save({ ...filled, do: 'leave-everything' })
    await save({ ...filled, list: 'weekly' })
    expect(await placesOf(mailshot)).toMatchObject({ weekly: 'active', product: 'unsubscribed' })
    expect(await findSuppression(mailshot, ask.email)).toBeUndefined()
  })

  it('may be sent twice', async () => {
    await save({ ...filled, list: 'events' })
    const before = await dump(mailshot)
    await save({ ...filled, list: 'events' })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('tells one whose mail comes back what to do, and changes nothing', async () => {
    await suppress(mailshot, ask.email, { reason: 'hard-bounce', actor: 'event' })
    const before = await dump(mailshot)
    const answer = await visit(post(`preferences/${token}`, { ...filled, list: [] }))
    expect(answer.status).toBe(403)
    expect(noticeOf(answer).links[0]?.href).toBe('/mailshot/subscribe?lang=fr')
    expect(await dump(mailshot)).toEqual(before)
  })

  it('changes nothing by a link that is wrong', async () => {
    const before = await dump(mailshot)
    const answer = await visit(post(`preferences/${sign([1], 'unsubscribe')}`, filled))
    expect(answer.status).toBe(404)
    expect(await dump(mailshot)).toEqual(before)
  })
})

describe('preferencesPage with the site’s own fields', () => {
  it('shows those that readers are asked, with what is known', async () => {
    const { view } = pageOf(await visit(get(`preferences/${token}`)))
    expect(view).toMatchObject({
      fields: [
        { name: 'city', value: 'Aix', isRequired: true },
        { name: 'children', value: '' },
        { name: 'partners', control: 'box', value: '' },
      ],
    })
  })

  it('keeps what is filled in, takes back what is emptied, and leaves what was not asked', async () => {
    await mailshot.db.write(
      sql`UPDATE subscribers SET attributes = '{"city":"Aix","children":2,"plan":"pro"}'`,
    )
    const given = { 'field-city': ' Arles ', 'field-children': '' }
    await save({ ...filled, ...given, asked: ['city', 'children'] })
    expect(await recordOf(mailshot)).toMatchObject({ attributes: { city: 'Arles', plan: 'pro' } })
    expect(await changes()).toEqual([['city', 'children']])
    await save({ ...filled, 'field-children': '0', asked: 'children' })
    expect(await recordOf(mailshot)).toHaveProperty('attributes.children', 0)
  })

  it('says beside the field what is wrong, keeps what was typed, and saves nothing', async () => {
    const before = await dump(mailshot)
    const wrong = { 'field-city': '', 'field-children': 'two', list: 'events', name: 'Z.' }
    const answer = await visit(post(`preferences/${token}`, { ...filled, ...wrong }))
    const { status, view } = pageOf(answer)
    expect(status).toBe(422)
    expect(view).toMatchObject({
      name: 'Z.',
      problems: [{ field: 'field-city' }, { field: 'field-children' }],
      fields: [{ value: '' }, { value: 'two', problem: expect.any(String) }, {}],
      lists: [{ isChosen: false }, { isChosen: false }, { isChosen: true }, { isChosen: false }],
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('notes a box with words of its own when it is ticked, once, and its end', async () => {
    const ticked = { ...filled, list: ['weekly'], asked: 'partners', 'field-partners': 'yes' }
    await save(ticked)
    await save(ticked)
    const { consents = [], attributes } = (await recordOf(mailshot)) ?? {}
    expect(attributes).toMatchObject({ partners: true })
    const partners = consents.filter(({ list }) => list === 'field:partners')
    expect(partners).toMatchObject([
      { wording: 'Nos partenaires peuvent m’écrire', confirmedAt: mailshot.now() },
    ])
    await save({ ...filled, list: ['weekly'], asked: 'partners' })
    expect(await recordOf(mailshot)).toHaveProperty('attributes.partners', false)
    expect(await changes()).toEqual([['partners'], ['partners']])
  })
})

describe('preferencesPage with a pause', () => {
  it('sends nothing until the day begins where the site is, and says so', async () => {
    expect(await save({ do: 'pause', until: '2027-01-15' })).toBe(
      `/mailshot/preferences/${token}?paused=1`,
    )
    const [person] = await mailshot.db.all(sql`SELECT paused_until AS until FROM subscribers`)
    expect(person).toEqual({ until: Date.UTC(2027, 0, 14, 23) })
    const { view } = pageOf(await visit(get(`preferences/${token}?paused=1`)))
    expect(view).toMatchObject({ pause: { now: expect.stringContaining('15 janvier 2027') } })
    expect(view).toHaveProperty('done', 'C’est enregistré.')
    mailshot.clock.set(Date.UTC(2027, 0, 14, 23))
    expect(pageOf(await visit(get(`preferences/${token}?paused=1`))).view).toMatchObject({
      pause: { now: undefined },
      done: undefined,
    })
  })

  it('is ended by its button, and lets a person leave all the same', async () => {
    await save({ do: 'pause', until: '2027-01-15' })
    expect(await save({ do: 'end-pause' })).toBe(`/mailshot/preferences/${token}?resumed=1`)
    const { view } = pageOf(await visit(get(`preferences/${token}?resumed=1`)))
    expect(view).toMatchObject({ done: expect.stringContaining('de nouveau') })
    await save({ do: 'pause', until: '2027-01-15' })
    await save({ do: 'leave-everything' })
    expect(new Set(Object.values(await placesOf(mailshot)))).toEqual(new Set(['unsubscribed']))
    const { history = [] } = (await recordOf(mailshot)) ?? {}
    expect(history.map(({ action }) => action).slice(-4)).toEqual([
      'pause',
      'end-pause',
      'pause',
      'unsubscribe',
    ])
  })

  it('refuses a day that is over, too far or none, beside the field', async () => {
    const before = await dump(mailshot)
    const days = ['2026-11-22', '2028-11-23', '2027-02-30', 'soon', '']
    const pages = await Promise.all(
      days.map((until) => visit(post(`preferences/${token}`, { do: 'pause', until }))),
    )
    const problems = pages.map((page) => {
      const { status, view } = pageOf(page)
      return view.kind === 'preferences' && [status, view.problems[0]?.field, view.pause.day]
    })
    expect(problems).toEqual(days.map((day) => [422, 'until', day]))
    expect(await dump(mailshot)).toEqual(before)
  })
})

const lists = {
  weekly: { title: { fr: 'Hebdo', en: 'Weekly' } },
  product: { title: { fr: 'Produits', en: 'Products' } },
  events: { title: { fr: 'Agenda', en: 'Events' }, description: { fr: 'Le premier du mois' } },
  staff: { title: { fr: 'Équipe', en: 'Staff' }, public: false },
}

const ownFields = {
  city: { type: 'text', form: 'required' },
  children: { type: 'number', form: 'optional' },
  partners: {
    type: 'consent',
    form: 'optional',
    label: { fr: 'Nos partenaires peuvent m’écrire' },
  },
  plan: { type: 'choice', choices: ['free', 'pro'], form: false },
} satisfies MailshotConfigInput['fields']

const filled: Fields = {
  shown: ['weekly', 'product', 'events', 'staff'],
  list: [],
  name: 'Zoé',
  lang: 'fr',
}

function sign(ids: number[], purpose: 'preferences' | 'unsubscribe' = 'preferences'): string {
  return signToken([testSecret], purpose, ids)
}

async function visit(request: Request) {
  return preferencesPage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

async function save(fields: Fields): Promise<string> {
  return locationOf(await visit(post(`preferences/${token}`, fields)))
}

/** What a person has changed of themselves, time by time. */
async function changes() {
  const { history = [] } = (await recordOf(mailshot)) ?? {}
  return history.filter(({ action }) => action === 'change').map(({ detail }) => detail['changed'])
}
