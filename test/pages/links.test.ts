import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { changeAddressPage } from '../../integrations/mailshot/pages/change-address.ts'
import { confirmPage } from '../../integrations/mailshot/pages/confirm.ts'
import { invitePage } from '../../integrations/mailshot/pages/invite.ts'
import { linksPage } from '../../integrations/mailshot/pages/links.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { stayPage } from '../../integrations/mailshot/pages/stay.ts'
import { stopPage } from '../../integrations/mailshot/pages/stop.ts'
import { unsubscribePage } from '../../integrations/mailshot/pages/unsubscribe.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { signToken, type TokenPurpose, verifyToken } from '../../integrations/mailshot/token.ts'
import { viewPage } from '../../integrations/mailshot/view.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { active, ask, lettersOf } from '../subscriber/zoe.ts'
import {
  dump,
  type Fields,
  get,
  head,
  locationOf,
  noticeOf,
  numbersUsedBy,
  pageOf,
  post,
  postSlowly,
} from './visit.ts'

const minute = 60_000

describe('linksPage', () => {
  it('mails the links to an address that is known, in its reader’s language', async () => {
    const mailshot = await openTestMailshot()
    const id = await active(mailshot)
    expect(await send(mailshot, { email: ' ZOE@example.org', lang: 'en' })).toBe(answer)
    const letters = await lettersOf(mailshot, 'links')
    expect(letters).toMatchObject([{ email: 'Zoe@example.org', lang: 'fr' }])
    const { url = '', leave_url = '' } = letters[0]?.values ?? {}
    const idsIn = (page: 'preferences' | 'unsubscribe', link: string) =>
      verifyToken([testSecret], page, link.split('/').at(-1) ?? '', mailshot.now())
    expect(idsIn('preferences', url)).toEqual({ ids: [id, expect.any(Number), expect.any(Number)] })
    expect(idsIn('unsubscribe', leave_url)).toEqual({ ids: [id, 0] })
  })

  it('answers alike, and as late, whatever is known of an address, and mails no other', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    await subscribe(mailshot, { ...ask, email: 'waiting@example.org' })
    await subscribe(mailshot, { ...ask, email: 'angry@example.org', confirmed: true })
    await suppress(mailshot, 'angry@example.org', { reason: 'complaint', actor: 'event' })
    const names = ['zoe', 'waiting', 'angry', 'nobody']
    const answers = await Promise.all(
      names.map(async (name) => {
        const from = mailshot.now()
        const location = await send(mailshot, { email: `${name}@example.org`, lang: 'en' })
        return [location, mailshot.now() - from >= 300]
      }),
    )
    expect(answers).toEqual(names.map(() => [answer, true]))
    expect(await lettersOf(mailshot, 'links')).toHaveLength(1)
    const by = (name: string) =>
      numbersUsedBy(mailshot, () => send(mailshot, { email: `${name}@example.org` }))
    expect([await by('angry'), await by('nobody')]).toEqual([
      [1, 0],
      [1, 0],
    ])
  })

  it('answers as late where its form came slowly: nobody can use up that time', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    const waits = await Promise.all(
      [ask.email, 'nobody@example.org'].map(async (email) => {
        const { request, sent } = postSlowly(mailshot, 'links', { email })
        const answered = linksPage(mailshot, request).then(() => mailshot.now())
        return (await answered) - (await sent)
      }),
    )
    expect(Math.min(...waits)).toBe(300)
  })

  it('asks for one more press where it comes back faster than anybody fills it in', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    const sinceOf = (page: { view: { kind: string } }) =>
      'since' in page.view ? String(page.view.since) : ''
    const since = sinceOf(pageOf(await linksPage(mailshot, get('links'))))
    const form = { email: ask.email, since }
    const doubted = pageOf(await linksPage(mailshot, post('links', form)))
    expect(doubted).toMatchObject({ status: 422, view: { email: ask.email, isDoubted: true } })
    expect(await lettersOf(mailshot, 'links')).toEqual([])
    await send(mailshot, { ...form, since: sinceOf(doubted) })
    expect(await lettersOf(mailshot, 'links')).toHaveLength(1)
  })

  it('mails them to whoever left everything, since they may come back', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    await suppress(mailshot, ask.email, { reason: 'unsubscribe', actor: 'page' })
    await send(mailshot, { email: ask.email })
    expect(await lettersOf(mailshot, 'links')).toHaveLength(1)
  })

  it('mails them once in ten minutes, and three times a day', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    const counts: number[] = []
    for (const wait of [0, 9, 2, 11, 11, 24 * 60]) {
      mailshot.clock.advance(wait * minute)
      await send(mailshot, { email: ask.email })
      counts.push((await lettersOf(mailshot, 'links')).length)
    }
    expect(counts).toEqual([1, 1, 2, 3, 3, 4])
  })

  it('says beside the field what is wrong, and changes nothing by GET', async () => {
    const mailshot = await openTestMailshot()
    const before = await dump(mailshot)
    const wrong = pageOf(await linksPage(mailshot, post('links', { email: 'zoe' })))
    expect(wrong).toMatchObject({
      status: 422,
      view: { email: 'zoe', problems: [{ field: 'email', text: expect.any(String) }] },
    })
    await linksPage(mailshot, head('links?email=zoe@example.org'))
    const asked = noticeOf(await linksPage(mailshot, get('links?asked=1&lang=en')))
    expect(asked.heading).toBe('Check your inbox')
    expect(await dump(mailshot)).toEqual(before)
  })
})

describe('the pages behind links', () => {
  it('take no token that was signed for another of them, and change nothing by it', async () => {
    const mailshot = await openTestMailshot()
    const id = await active(mailshot)
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'pending' WHERE list_id = 'weekly'`,
    )
    const before = await dump(mailshot)
    const taken: string[] = []
    for (const purpose of purposes) {
      const token = signToken([testSecret], purpose, [id, mailshot.now()])
      for (const [page, visit] of Object.entries(pages)) {
        if (page === purpose) continue
        const asking = await visit(mailshot, get(`${page}/${token}`), token)
        const doing = await visit(mailshot, post(`${page}/${token}`, pressed), token)
        if (asking.status !== 404 || doing.status !== 404) taken.push(`${page} by ${purpose}`)
      }
    }
    expect(taken).toEqual([])
    expect(await dump(mailshot)).toEqual(before)
  })
})

const answer = '/mailshot/links?asked=1&lang=en'
const pressed = { do: 'leave-everything', leave: 'everything', 'List-Unsubscribe': 'One-Click' }

const purposes: TokenPurpose[] = [
  'unsubscribe',
  'preferences',
  'invite',
  'view',
  'confirm',
  'open',
  'click',
  'stop',
  'stay',
  'change-address',
]

type Visit = (
  mailshot: TestMailshot,
  request: Request,
  token: string,
) => Promise<{ status: number }>

const pages: Record<string, Visit> = {
  unsubscribe: unsubscribePage,
  preferences: preferencesPage,
  confirm: confirmPage,
  stop: stopPage,
  'change-address': changeAddressPage,
  invite: invitePage,
  stay: stayPage,
  view: (mailshot, request, token) => viewPage(mailshot, token, request),
}

async function send(mailshot: TestMailshot, fields: Fields): Promise<string> {
  return locationOf(await linksPage(mailshot, post('links', fields)))
}
