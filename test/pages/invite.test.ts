import { sql } from 'drizzle-orm/sql'
import { beforeEach, describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { notePeer } from '../../integrations/mailshot/client-address.ts'
import { composeLetter, type Letter } from '../../integrations/mailshot/letter/compose.ts'
import { invitePage } from '../../integrations/mailshot/pages/invite.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { confirm, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSubscriber, listConsents } from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { active, lettersOf } from '../subscriber/zoe.ts'
import {
  dump,
  type Fields,
  get,
  locationOf,
  noticeOf,
  numbersUsedBy,
  pageOf,
  post,
} from './visit.ts'

const day = 86_400_000
let mailshot: TestMailshot
let zoe: number
let token: string

// Zoé gets weekly and product, and nothing of events.
beforeEach(async () => open({ signUp: { invitations: true } }))

describe('invitePage', () => {
  it('offers what the reader gets, and five addresses, and changes nothing', async () => {
    const before = await dump(mailshot)
    const { status, view } = pageOf(await visit(get(`invite/${token}`)))
    expect(status).toBe(200)
    expect(view).toMatchObject({
      kind: 'invite',
      lists: [
        { id: 'weekly', isChosen: true },
        { id: 'product', isChosen: true },
      ],
      guests: Array.from({ length: 5 }, () => ({ email: '' })),
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('mails a guest once, who has to confirm, and names the reader by the address alone', async () => {
    expect(await send({ email: ['ann@example.org', 'Ann@example.org', ''] })).toMatch(/\?done=1$/)
    const [letter, ...more] = await lettersOf(mailshot, 'invitation')
    expect(more).toEqual([])
    expect(letter).toMatchObject({ email: 'Ann@example.org', lang: 'fr' })
    expect((await findSubscriber(mailshot, 'ann@example.org'))?.subscriptions).toMatchObject([
      { list: 'weekly', status: 'pending' },
    ])
    const { subject, text } = await composed()
    expect(subject).toBe('Une invitation à lire Les Nouvelles')
    expect(text).toContain('La personne dont l’adresse est Zoe@example.org reçoit Hebdo et pense')
    expect(text).not.toContain('Zoé')

    await confirm(mailshot, letter?.values['url']?.split('/').at(-1) ?? '')
    const ann = await findSubscriber(mailshot, 'ann@example.org')
    expect(ann?.subscriptions).toMatchObject([{ list: 'weekly', status: 'active' }])
    const [consent, ...others] = await listConsents(mailshot, ann?.id ?? 0)
    expect(others).toEqual([])
    expect(consent).toMatchObject({ form: 'invitation', ip: null, userAgent: null })
    expect(consent?.wording).toMatch(
      /^Confirmez [^]*Hebdo[^]*\{email\}[^]*\nConfirmer mon inscription$/,
    )
    expect((await findAudit(mailshot, `subscriber:${zoe}`)).at(-1)).toMatchObject({
      actor: `subscriber:${zoe}`,
      action: 'invite',
      detail: { lists: ['weekly'], guests: 1 },
    })
  })

  it('names nobody any more once the reader is gone', async () => {
    await send({ email: 'ann@example.org' })
    await mailshot.db.write(
      sql`DELETE FROM subscriptions WHERE subscriber_id = ${zoe}`,
      sql`DELETE FROM subscribers WHERE id = ${zoe}`,
    )
    expect((await composed()).text).toContain('Une personne qui nous lit reçoit')
  })

  it('mails nobody who is known in any way, and says nothing of it', async () => {
    await send({ email: 'left@example.org' })
    await unsubscribe(mailshot, { subscriberId: zoe + 1, lists: 'all', reason: 'page' })
    await suppress(mailshot, 'never@example.org', { reason: 'manual', actor: 'test' })
    const guests = ['left@example.org', 'never@example.org', 'zoe@example.org']
    const before = mailshot.now()
    let answer = ''
    const used = await numbersUsedBy(mailshot, async () => (answer = await send({ email: guests })))
    expect(used).toEqual([3, 3])
    const known = mailshot.now() - before
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(1)
    const again = mailshot.now()
    const numbers = await numbersUsedBy(mailshot, async () => {
      expect(await send({ email: 'new@example.org' })).toBe(answer)
    })
    expect(numbers).toEqual([1, 1])
    expect(mailshot.now() - again).toBe(known)
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(2)
  })

  it('takes five a day, however they are sent', async () => {
    await send({ email: ['a@example.org', 'b@example.org', 'c@example.org', 'd@example.org'] })
    expect(pageOf(await visit(get(`invite/${token}`))).view).toHaveProperty('guests.length', 1)
    await send({ email: ['e@example.org', 'f@example.org'] })
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(5)
    const full = pageOf(await visit(post(`invite/${token}`, filled({ email: 'g@example.org' }))))
    expect(full.status).toBe(429)
    mailshot.clock.advance(day)
    expect(pageOf(await visit(get(`invite/${token}`))).status).toBe(200)
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(5)
  })

  it('takes no more where the form is sent twice at once', async () => {
    const guests = (name: string) => [1, 2, 3].map((n) => `${name}${n}@example.org`)
    await Promise.all([send({ email: guests('a') }), send({ email: guests('b') })])
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(3)
  })

  it('says beside each address what is wrong with it, and mails nobody then', async () => {
    const fields = { email: ['ann@example.org', 'bob@'], list: [] }
    const { status, view } = pageOf(await visit(post(`invite/${token}`, filled(fields))))
    expect(status).toBe(422)
    expect(view).toMatchObject({
      guests: [{ email: 'ann@example.org', problem: undefined }, { email: 'bob@' }],
      problems: [
        { field: 'guest-2', text: expect.stringMatching(/^Adresse e-mail 2\u00a0: Nous ne/) },
        { field: 'lists' },
      ],
    })
    expect(await lettersOf(mailshot, 'invitation')).toEqual([])
  })

  it('asks about a slip once, and takes the right one as well as the same once more', async () => {
    const slips = { email: ['ann@gmial.com', 'bob@gmial.com', 'eve@'] }
    const { status, view } = pageOf(await visit(post(`invite/${token}`, filled(slips))))
    expect(status).toBe(422)
    expect(view).toMatchObject({
      guests: [
        { suggestion: 'ann@gmail.com', isAsked: true },
        { suggestion: 'bob@gmail.com', isAsked: true },
        { suggestion: undefined, isAsked: false },
      ],
      problems: [
        { field: 'guest-1', text: expect.stringContaining('ann@gmail.com') },
        { field: 'guest-2', text: expect.stringContaining('bob@gmail.com') },
        { field: 'guest-3' },
      ],
    })
    const answers = {
      'asked-email': ['ann@gmial.com', 'bob@gmial.com'],
      'email-choice': 'ann@gmail.com',
    }
    const again = pageOf(await visit(post(`invite/${token}`, filled({ ...slips, ...answers }))))
    expect(again.view).toMatchObject({
      guests: [
        { email: 'ann@gmail.com', problem: undefined, isAsked: false },
        { email: 'bob@gmial.com', problem: undefined, isAsked: true },
        {},
      ],
      problems: [{ field: 'guest-3' }],
    })
    const email = ['ann@gmail.com', 'bob@gmial.com', '']
    expect(await send({ email, 'asked-email': 'bob@gmial.com' })).toMatch(/\?done=1$/)
    const letters = await lettersOf(mailshot, 'invitation')
    expect(letters.map((letter) => letter.email)).toEqual(['ann@gmail.com', 'bob@gmial.com'])
  })

  it('invites no throw-away address where the site refuses those', async () => {
    await open({ signUp: { invitations: true }, abuse: { disposable: 'refuse' } })
    const fields = filled({ email: ['ann@example.org', 'x@mailinator.com'] })
    const { status, view } = pageOf(await visit(post(`invite/${token}`, fields)))
    expect([status, view]).toMatchObject([422, { problems: [{ field: 'guest-2' }] }])
    expect(await lettersOf(mailshot, 'invitation')).toEqual([])
  })

  it('is closed to who gets nothing any more, and where the site does not want it', async () => {
    await unsubscribe(mailshot, { subscriberId: zoe, lists: 'all', reason: 'page' })
    expect(pageOf(await visit(get(`invite/${token}`))).status).toBe(403)
    await open({})
    const page = pageOf(await visit(post(`invite/${token}`, filled({ email: 'a@example.org' }))))
    expect([page.status, noticeOf(page).heading]).toEqual([403, 'Pas d’invitation possible d’ici'])
    expect(await lettersOf(mailshot, 'invitation')).toEqual([])
  })

  it('is limited like all forms from one connection', async () => {
    await open({
      signUp: { invitations: true },
      abuse: { limits: { client: '1/hour' } },
      proxies: [],
    })
    const from = async (email: string) => {
      const request = post(`invite/${token}`, filled({ email }))
      notePeer(request, '203.0.113.7')
      return (await visit(request)).status
    }
    expect([await from('a@example.org'), await from('b@example.org')]).toEqual([303, 429])
    expect(await lettersOf(mailshot, 'invitation')).toHaveLength(1)
  })

  it('is found from the reader’s own page, and nowhere where the site does not want it', async () => {
    const linksOf = async () => {
      const own = signToken([testSecret], 'preferences', [zoe])
      const { view } = pageOf(await preferencesPage(mailshot, get(`preferences/${own}`), own))
      return 'links' in view ? view.links : undefined
    }
    expect(await linksOf()).toEqual([
      { label: 'Inviter d’autres personnes', href: `/mailshot/invite/${token}` },
    ])
    await open({})
    expect(await linksOf()).toEqual([])
  })

  it('takes no link made for something else', async () => {
    const other = signToken([testSecret], 'unsubscribe', [zoe])
    expect(pageOf(await visit(get(`invite/${other}`))).status).toBe(404)
  })
})

async function open(config: Parameters<typeof openTestMailshot>[0]) {
  const lists = {
    weekly: { title: { fr: 'Hebdo' } },
    product: { title: 'Produits' },
    events: { title: 'Sorties' },
  }
  mailshot = await openTestMailshot({ lists, ...config })
  zoe = await active(mailshot)
  token = signToken([testSecret], 'invite', [zoe])
}

async function visit(request: Request) {
  return invitePage(mailshot, request, new URL(request.url).pathname.split('/').at(-1))
}

function filled(fields: Fields): Fields {
  return { list: ['weekly', 'events'], ...fields }
}

async function send(fields: Fields) {
  return locationOf(await visit(post(`invite/${token}`, filled(fields))))
}

async function composed() {
  const [row] = await mailshot.db.all<Omit<Letter, 'values'> & { values: string }>(
    sql`SELECT id, kind, email, lang, "values", tries, created_at AS createdAt FROM letters WHERE kind = 'invitation'`,
  )
  if (!row) throw new Error('no invitation')
  return composeLetter(mailshot, { ...row, values: JSON.parse(row.values) })
}
