import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
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
  mailshot = await openTestMailshot({ lists })
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
        { id: 'weekly', title: 'Hebdo', isChosen: true, isPending: false },
        { id: 'product', isChosen: true },
        { id: 'events', isChosen: false },
        { id: 'staff', title: 'Équipe', isChosen: true, isPending: true },
      ],
      languages: [
        { lang: 'en', name: 'English', isChosen: false },
        { lang: 'fr', name: 'français', isChosen: true },
      ],
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
    expect(view).toMatchObject({ languages: [{}, {}, { lang: 'br', isChosen: true }] })
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

const lists = {
  weekly: { title: { fr: 'Hebdo', en: 'Weekly' } },
  product: { title: { fr: 'Produits', en: 'Products' } },
  events: { title: { fr: 'Agenda', en: 'Events' }, description: { fr: 'Le premier du mois' } },
  staff: { title: { fr: 'Équipe', en: 'Staff' }, public: false },
}

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
