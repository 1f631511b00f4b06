import { type SQL, sql } from 'drizzle-orm/sql'
import { DomUtils, parseDocument } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { embeddedForm } from '../../integrations/mailshot/pages/embed.ts'
import { signUp } from '../../integrations/mailshot/pages/sign-up.ts'
import { subscribePage } from '../../integrations/mailshot/pages/subscribe.ts'
import { confirm, subscribe } from '../../integrations/mailshot/subscriber.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { textLanguages } from '../../integrations/mailshot/texts.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { confirmationToken, lettersOf, recordOf } from '../subscriber/zoe.ts'
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
  textOf,
} from './visit.ts'

const asked = '/mailshot/subscribe?asked=1&lang=fr'

describe('subscribePage by GET', () => {
  it('offers every public list, none of them chosen', async () => {
    const { mailshot } = await open()
    const { status, view } = pageOf(await subscribePage(mailshot, get('subscribe')))
    expect(status).toBe(200)
    expect(view).toMatchObject({
      signUp: {
        action: '/mailshot/subscribe',
        form: '/mailshot/subscribe',
        offered: [
          { id: 'weekly', title: 'Hebdo', description: 'Chaque vendredi', isChosen: false },
          { id: 'product', title: 'Produits', description: undefined, isChosen: false },
        ],
      },
    })
  })

  it('chooses what the address asks for, and nothing that is not public', async () => {
    const { chosenBy } = await open()
    expect(await chosenBy('subscribe?list=product,staff,nothing')).toEqual(['product'])
    expect(await chosenBy('subscribe?list=weekly&list=product')).toEqual(['weekly', 'product'])
  })

  it('says so where what the address asks for is closed, and offers the rest', async () => {
    const { mailshot } = await open()
    const introOf = async (path: string) => {
      const { texts, view } = pageOf(await subscribePage(mailshot, get(path)))
      const { intro, closedList } = texts.pages.subscribe
      return view.kind === 'sign-up' && { [intro]: 'usual', [closedList]: 'closed' }[view.intro]
    }
    expect(await introOf('subscribe?list=staff')).toBe('closed')
    expect(await introOf('subscribe?list=staff,weekly')).toBe('usual')
    expect(await introOf('subscribe')).toBe('usual')
  })

  it('leaves no choice where there is one list', async () => {
    const { chosenBy } = await open({ lists: { weekly, staff } })
    expect(await chosenBy('subscribe')).toEqual(['weekly'])
  })

  it('says so when there is no list to sign up to', async () => {
    const { mailshot } = await open({ lists: { staff } })
    const page = pageOf(await subscribePage(mailshot, get('subscribe')))
    expect([page.status, noticeOf(page).heading]).toEqual([404, 'Pas d’inscription pour le moment'])
  })

  it('speaks the browser’s language, and offers the others with what is chosen', async () => {
    const { mailshot } = await open()
    const request = get('subscribe?list=product', { 'accept-language': 'en-GB' })
    const { texts, view } = pageOf(await subscribePage(mailshot, request))
    expect(texts.lang).toBe('en')
    const languages = view.kind === 'sign-up' ? view.languages : []
    expect(languages.map(({ lang }) => lang)).toEqual(textLanguages.filter((one) => one !== 'en'))
    const query = '?lang=ja&list=product'
    expect(languages).toContainEqual({
      lang: 'ja',
      name: '日本語',
      href: `/mailshot/subscribe${query}`,
    })
  })

  it('changes nothing, by HEAD or by GET, whatever the address says', async () => {
    const { mailshot } = await open()
    const before = await dump(mailshot)
    await subscribePage(mailshot, head('subscribe'))
    await subscribePage(mailshot, get('subscribe?email=zoe@example.org&list=weekly&asked=1'))
    expect(await dump(mailshot)).toEqual(before)
  })
})

describe('subscribePage by POST', () => {
  it('asks for a confirmation, and keeps who agreed to which words in which form', async () => {
    const { mailshot, send } = await open()
    const form = { ...filled, form: '/', list: ['weekly', 'product'], name: 'Zoé' }
    expect(await send(form, { 'user-agent': 'Firefox' })).toBe(asked)
    const person = await recordOf(mailshot)
    expect(person?.consents[0]).toMatchObject({
      source: 'form',
      form: '/',
      wording: [
        'Je souhaite recevoir',
        'Hebdo',
        'Chaque vendredi',
        'Produits',
        'Chaque message contient un lien pour se désinscrire d’un clic.',
        'M’inscrire',
      ].join('\n'),
    })
    expect(await mailshot.db.all(sql`SELECT DISTINCT user_agent, ip FROM consents`)).toEqual([
      { user_agent: 'Firefox', ip: null },
    ])
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
  })

  it('keeps the words of the form’s own language, and writes in it', async () => {
    const { mailshot, send } = await open()
    const form = { ...filled, offered: 'weekly', lang: 'en' }
    expect(await send(form, { 'accept-language': 'fr' })).toBe(
      '/mailshot/subscribe?asked=1&lang=en',
    )
    const person = await recordOf(mailshot)
    expect(person?.consents[0]?.wording).toMatch(/^I would like to get “Weekly”\.\nWeekly\n/)
    expect(await lettersOf(mailshot, 'confirmation')).toMatchObject([{ lang: 'en' }])
  })

  it('keeps the site’s own fields, and each box with the words beside it, confirmed by the same click', async () => {
    const { mailshot, send } = await open({ fields: ownFields })
    const form = { ...filled, 'field-city': 'Lyon', 'field-terms': 'yes' }
    expect(await send(form)).toBe(asked)
    expect(await recordOf(mailshot)).toMatchObject({
      consents: [
        { list: 'field:terms', wording: 'J’accepte\nTout.', confirmedAt: null },
        { list: 'weekly', confirmedAt: null },
      ],
    })
    await send(form)
    await confirm(mailshot, await confirmationToken(mailshot))
    const { attributes, consents = [] } = (await recordOf(mailshot)) ?? {}
    expect(attributes).toEqual({ city: 'Lyon', terms: true })
    expect(consents.map(({ confirmedAt }) => confirmedAt)).toEqual([mailshot.now(), mailshot.now()])
  })

  it('asks for what is required, also where a form elsewhere did not', async () => {
    const { mailshot, page } = await open({ fields: ownFields })
    const before = await dump(mailshot)
    const { status, view } = await page(filled)
    expect(status).toBe(422)
    expect(view).toMatchObject({
      signUp: {
        fields: [{ name: 'city', value: '' }, { name: 'terms' }],
        problems: [
          { field: 'field-city', text: 'Complétez «\u00a0city\u00a0».' },
          { field: 'field-terms' },
        ],
      },
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('takes the form that another site got from the command line, and notes where it stood', async () => {
    const origin = 'https://shop.example.org'
    const { mailshot, send } = await open({ fields: ownFields, signUp: { origins: [origin] } })
    const { config } = mailshot
    const shown = signUp(config, { lang: 'en', form: '', lists: ['weekly'], asksName: true })
    const html = embeddedForm(config, shown)
    expect(html).toContain(
      '<form action="https://example.org/mailshot/subscribe" method="post" lang="en" dir="ltr">',
    )
    const inputs = DomUtils.getElementsByTagName('input', parseDocument(html)).map((one) => [
      one.attribs['name'] ?? '',
      one.attribs['value'] ?? '',
    ])
    const form = {
      ...Object.fromEntries(inputs),
      asked: ['city', 'terms'],
      email,
      'field-city': 'Lyon',
    }
    expect(await send(form, { origin })).toBe('/mailshot/subscribe?asked=1&lang=en')
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await recordOf(mailshot)).toMatchObject({
      lang: 'en',
      attributes: { city: 'Lyon', terms: true },
      consents: [{ list: 'field:terms' }, { list: 'weekly', form: origin }],
    })
  })

  it('answers alike whatever is known of the address', async () => {
    const { mailshot } = await open()
    const unknown = await answerTo(mailshot, filled)
    const waiting = await answerTo(mailshot, filled)
    await subscribe(mailshot, { email, lists: ['weekly'], consent, confirmed: true })
    const active = await answerTo(mailshot, filled)
    await suppress(mailshot, email, { reason: 'complaint', actor: 'event' })
    const suppressed = await answerTo(mailshot, filled)
    expect([waiting, active, suppressed]).toEqual([unknown, unknown, unknown])
    expect(unknown).toMatchObject({ status: 303, headers: { location: asked } })
  })

  it('uses up as many numbers, which stand in links and mails, whatever is known', async () => {
    const { mailshot, send } = await open({
      lists: { weekly, open: { title: 'Open', doubleOptIn: false } },
    })
    await subscribe(mailshot, { email: 'first@example.org', lists: ['weekly'], consent })
    const by = (fields: Fields) => numbersUsedBy(mailshot, () => send({ ...filled, ...fields }))
    const used = [await by({}), await by({ list: 'open', offered: ['open'], email: 'a@b.example' })]
    used.push(await by({}))
    await subscribe(mailshot, { email, lists: ['weekly'], consent, confirmed: true })
    used.push(await by({}), await by({ list: ['weekly', 'open'], offered: ['weekly', 'open'] }))
    await suppress(mailshot, email, { reason: 'complaint', actor: 'event' })
    used.push(await by({}))
    expect(used).toEqual(used.map(() => [1, 1]))
  })

  it('takes as long whatever is known of the address, however long the work takes', async () => {
    const { mailshot } = await open()
    const timeOf = async (given: Mailshot) => {
      const before = mailshot.now()
      await subscribePage(given, post('subscribe', filled)).catch(() => undefined)
      return mailshot.now() - before
    }
    const write = async <Row>(...statements: SQL[]) => {
      mailshot.clock.advance(40)
      return mailshot.db.write<Row>(...statements)
    }
    const slow = { ...mailshot, db: { ...mailshot.db, write } }
    const unknown = await timeOf(slow)
    await subscribe(mailshot, { email, lists: ['weekly'], consent, confirmed: true })
    const active = await timeOf(slow)
    await suppress(mailshot, email, { reason: 'complaint', actor: 'event' })
    const suppressed = await timeOf(slow)
    const fail = async () => Promise.reject(new Error('the disk is full'))
    const broken = await timeOf({ ...mailshot, db: { ...mailshot.db, get: fail } })
    // Nor can anybody use up that time by sending the form slowly.
    const { request, sent } = postSlowly(mailshot, 'subscribe', filled)
    await subscribePage(mailshot, request)
    const slowly = mailshot.now() - (await sent)
    expect([unknown, active, suppressed, broken, slowly]).toEqual([300, 300, 300, 300, 300])
  })

  it('says the same after a list that needs no confirmation', async () => {
    const { mailshot, send } = await open({
      lists: { weekly, open: { title: 'Open', doubleOptIn: false } },
    })
    expect(await send({ ...filled, list: 'open', offered: ['weekly', 'open'] })).toBe(asked)
    expect((await recordOf(mailshot))?.subscriptions).toMatchObject([
      { list: 'open', status: 'active' },
    ])
    const notice = noticeOf(await subscribePage(mailshot, get('subscribe?asked=1')))
    expect(notice.paragraphs[0]).toMatch(/^Si votre inscription reste à confirmer/)
  })

  it('shows the form again, filled in, with what is wrong beside each field', async () => {
    const { mailshot, page } = await open()
    const before = await dump(mailshot)
    const form = { ...filled, list: [], email: 'zoe@', name: 'Zoé "Z"', form: '/' }
    const { status, view } = await page(form)
    expect(status).toBe(422)
    expect(view).toMatchObject({
      signUp: {
        email: 'zoe@',
        name: 'Zoé "Z"',
        form: '/',
        asksName: true,
        problems: [
          { field: 'lists', text: 'Choisissez au moins une lettre.' },
          {
            field: 'email',
            text: expect.stringMatching(/^Nous ne pouvons pas écrire à cette adresse/),
          },
        ],
      },
    })
    expect(await dump(mailshot)).toEqual(before)
  })

  it('asks for an address that is missing, keeping what was chosen and offered', async () => {
    const { page } = await open()
    const { view } = await page({ email: ' ', list: 'product', offered: 'product', lang: 'fr' })
    expect(view).toMatchObject({
      signUp: {
        offered: [{ id: 'product', isChosen: true }],
        asksName: false,
        problems: [{ field: 'email', text: 'Indiquez votre adresse e-mail.' }],
      },
    })
  })

  it('lets nobody on a list that is not public, whatever the form claims to offer', async () => {
    const { mailshot, send } = await open()
    const form = { ...filled, list: ['staff', 'weekly'], offered: ['staff', 'weekly', 'product'] }
    await send(form)
    expect((await recordOf(mailshot))?.subscriptions.map(({ list }) => list)).toEqual(['weekly'])
    const { status } = await pageFor(mailshot, { ...filled, list: 'staff', offered: 'staff' })
    expect(status).toBe(422)
  })

  it('takes nobody for another list than was asked for, where that one has been closed since', async () => {
    const lists = { weekly: { ...weekly, public: false }, product }
    const { mailshot, page, send } = await open({ lists })
    const before = await dump(mailshot)
    const answers = [
      await page({ ...filled, offered: 'weekly' }),
      await page({ ...filled, offered: ['weekly', 'product'] }),
      await page({ email, lang: 'fr', list: 'weekly' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422])
    for (const { texts, view } of answers) {
      expect(view).toMatchObject({
        intro: texts.pages.subscribe.closedList,
        isDoubted: true,
        signUp: { email, problems: [], offered: [{ id: 'product', isChosen: false }] },
      })
    }
    expect(await dump(mailshot)).toEqual(before)
    expect(await send({ ...filled, list: 'product' })).toBe(asked)
    const closed = await open({ lists: { weekly: lists.weekly } })
    expect((await closed.page(filled)).status).toBe(404)
  })

  it('takes only as much as a person would write', async () => {
    const { mailshot, send, page } = await open()
    const long = 'x'.repeat(5000)
    await send({ ...filled, form: long, name: long }, { 'user-agent': long })
    const [row] = await mailshot.db.all<{ form: string; agent: string }>(
      sql`SELECT form, user_agent AS agent FROM consents`,
    )
    expect([row?.form.length, row?.agent.length]).toEqual([200, 300])
    const { view } = await page({ ...filled, email: long })
    expect(view).toHaveProperty('signUp.email.length', 320)
  })

  it('leads to addresses that end with a slash on a site that has such', async () => {
    const { mailshot, send } = await open({ trailingSlash: true })
    expect(await send(filled)).toBe('/mailshot/subscribe/?asked=1&lang=fr')
    const { view } = pageOf(await subscribePage(mailshot, get('subscribe/')))
    expect(view).toMatchObject({ signUp: { action: '/mailshot/subscribe/' } })
  })

  it('says when to try again where too many forms come about an address, known or not', async () => {
    const { mailshot, send, page } = await open({ abuse: { limits: { address: '1/hour' } } })
    expect(await send(filled)).toBe(asked)
    const headers = { accept: 'text/html', 'accept-language': 'fr' }
    const form = { ...filled, email: 'ana@example.org', lang: 'en' }
    await subscribe(mailshot, { email: form.email, lists: ['weekly'], consent, confirmed: true })
    await send(form)
    const known = await subscribePage(mailshot, post('subscribe', form, headers))
    const unknown = await subscribePage(
      mailshot,
      post('subscribe', { ...filled, lang: 'en' }, headers),
    )
    expect([known.status, unknown.status]).toEqual([429, 429])
    const seconds = known instanceof Response && Number(known.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(3500)
    const words = await textOf(known)
    expect(words).toContain('Please try again in 63 minutes.')
    expect(words).toBe(await textOf(unknown))
    expect((await page({ ...filled, email: 'zoe@' })).status).toBe(422)
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
  })

  it('asks for one more press where a form comes back faster than anybody fills it in', async () => {
    const { mailshot, since, send, page } = await open()
    const form = { ...filled, since: await since() }
    mailshot.clock.advance(1900)
    const { status, texts, view } = await page(form)
    expect(status).toBe(422)
    expect(view).toMatchObject({
      intro: texts.pages.abuse.press,
      signUp: { email, offered: [{ isChosen: true }, { isChosen: false }], problems: [] },
    })
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
    const again = (view.kind === 'sign-up' && view.signUp.since) || ''
    expect(await send({ ...filled, since: again, comments: 'by a password manager' })).toBe(asked)
  })

  it('takes a form that somebody filled in, and asks once more a day later', async () => {
    const { mailshot, since, send, page } = await open()
    const form = { ...filled, since: await since() }
    mailshot.clock.advance(2000)
    expect(await send(form)).toBe(asked)
    mailshot.clock.advance(24 * 3_600_000)
    expect((await page(form)).status).toBe(422)
  })

  it('asks for one more press where the field that nobody sees is filled in, or the time is made up', async () => {
    const { mailshot, page, send } = await open()
    expect((await page({ ...filled, comments: 'https://buy.example' })).status).toBe(422)
    expect((await page({ ...filled, since: 'AAAA' })).status).toBe(422)
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
    expect(await send({ ...filled, comments: '' })).toBe(asked)
  })

  it('asks nobody for another press where the site wants none', async () => {
    const { send } = await open({ abuse: { trap: false } })
    expect(await send({ ...filled, comments: 'x', since: 'AAAA' })).toBe(asked)
  })

  it('asks whether a slip in the address was meant, and takes either answer', async () => {
    const { mailshot, page, send } = await open()
    const slip = 'Zoe@gmial.com'
    const { status, view } = await page({ ...filled, email: slip })
    expect(status).toBe(422)
    expect(view).toMatchObject({
      signUp: {
        email: slip,
        suggestion: 'Zoe@gmail.com',
        problems: [{ field: 'email', text: 'Vouliez-vous dire Zoe@gmail.com\u202f?' }],
      },
    })
    const asks = { ...filled, email: slip, 'asked-email': slip }
    await send({ ...asks, 'email-choice': 'Zoe@gmail.com' })
    await send({ ...asks, 'email-choice': slip })
    await send({ ...asks, email: 'ana@example.org', 'email-choice': 'Zoe@gmail.com' })
    const letters = await lettersOf(mailshot, 'confirmation')
    expect(letters.map((letter) => letter.email)).toEqual([
      'Zoe@gmail.com',
      'Zoe@gmial.com',
      'ana@example.org',
    ])
  })

  it('notes an address for throw-away mail, or refuses it', async () => {
    const { mailshot, send } = await open()
    const form = { ...filled, email: 'zoe@mailinator.com' }
    await send(form)
    await send(form)
    const flags = await mailshot.db.all(sql`SELECT actor, detail FROM audit WHERE action = 'flag'`)
    expect(flags).toEqual([{ actor: 'page', detail: '{"disposable":"mailinator.com"}' }])
    const strict = await open({ abuse: { disposable: 'refuse' } })
    expect((await strict.page(form)).view).toMatchObject({
      signUp: { problems: [{ field: 'email', text: expect.stringContaining('jetable') }] },
    })
    const lax = await open({ abuse: { disposable: false } })
    expect(await lax.send(form)).toBe(asked)
    expect(await lax.mailshot.db.all(sql`SELECT 1 FROM audit WHERE action = 'flag'`)).toEqual([])
  })

  it('refuses a body that is no form', async () => {
    const { mailshot } = await open()
    const request = new Request('https://example.org/mailshot/subscribe', {
      method: 'POST',
      body: JSON.stringify(filled),
      headers: { 'content-type': 'application/json' },
    })
    expect(await subscribePage(mailshot, request)).toMatchObject({ status: 415 })
  })

  it('refuses a form that is too large in words of its own', async () => {
    const { mailshot } = await open()
    const request = post('subscribe', { ...filled, name: 'x'.repeat(70_000) })
    const answer = await subscribePage(mailshot, request)
    expect(answer.status).toBe(413)
    expect(await textOf(answer)).toContain('raccourcissez')
  })
})

const email = 'Zoe@Example.org'
const consent = { source: 'form' } as const
const weekly = { title: { fr: 'Hebdo', en: 'Weekly' }, description: { fr: 'Chaque vendredi' } }
const product = { title: { fr: 'Produits', en: 'Products' } }
const staff = { title: 'Staff', public: false }
const ownFields: MailshotConfigInput['fields'] = {
  city: { form: 'required' },
  customer: {},
  terms: { type: 'consent', label: { fr: 'J’accepte' }, description: 'Tout.', form: 'required' },
}
const filled: Fields = {
  email,
  lang: 'fr',
  name: '',
  list: 'weekly',
  offered: ['weekly', 'product'],
}

async function open(config: Partial<MailshotConfigInput> = {}) {
  const mailshot = await openTestMailshot({ lists: { weekly, product, staff }, ...config })
  return {
    mailshot,
    chosenBy: async (path: string) => {
      const { view } = pageOf(await subscribePage(mailshot, get(path)))
      const { offered } = view.kind === 'sign-up' ? view.signUp : { offered: [] }
      return offered.filter(({ isChosen }) => isChosen).map(({ id }) => id)
    },
    send: async (fields: Fields, headers: Record<string, string> = {}) =>
      locationOf(await subscribePage(mailshot, post('subscribe', fields, headers))),
    page: (fields: Fields) => pageFor(mailshot, fields),
    /** What the page's form says of when it was shown. */
    since: async () => {
      const { view } = pageOf(await subscribePage(mailshot, get('subscribe')))
      return (view.kind === 'sign-up' && view.signUp.since) || ''
    },
  }
}

async function pageFor(mailshot: Mailshot, fields: Fields) {
  return pageOf(await subscribePage(mailshot, post('subscribe', fields)))
}

/** All that the browser gets. */
async function answerTo(mailshot: Mailshot, fields: Fields) {
  const answer = await subscribePage(mailshot, post('subscribe', fields))
  if (!(answer instanceof Response)) return answer
  const { status } = answer
  return { status, headers: Object.fromEntries(answer.headers), body: await answer.text() }
}
