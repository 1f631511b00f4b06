import { describe, expect, it } from 'vitest'
import { indexPage, type IndexView } from '../../integrations/mailshot/archive/index-page.ts'
import { announce } from '../../integrations/mailshot/archive/link.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'
import { sendOften } from './send-often.ts'

describe('indexPage', () => {
  it('lists letters in the reader’s language, with the ways on', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    const files = { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Hi', 'subject: Hi') }
    await sendCampaign(mailshot, files)
    const { status, texts, view } = await page(mailshot, '', 'en-GB,fr;q=0.5')
    expect([status, texts.lang, view.title]).toEqual([200, 'en', 'The News'])
    expect(view.letters.map(({ title }) => title)).toEqual(['Hi'])
    expect(view.turns).toEqual([])
    expect(view.signUp).toEqual([{ label: 'Subscribe', href: '/mailshot/subscribe?lang=en' }])
    const headers = new Headers()
    announce(headers, view)
    expect(headers.get('vary')).toBe('Accept-Language')
    expect(headers.get('link')).toBe(
      '<https://example.org/newsletters>; rel="canonical", ' +
        '<https://example.org/newsletters/rss.xml?lang=en>; rel="alternate"; type="application/rss+xml"',
    )
    expect((await page(mailshot, '?lang=fr', 'en')).view.letters[0]?.title).toBe('Bonjour')
  })

  it('is empty before anything was sent, and offers to subscribe where one can', async () => {
    const empty = await page(await openTestMailshot())
    expect(empty).toMatchObject({ status: 200, view: { letters: [], signUp: [{}] } })
    const team = { team: { title: 'Team', public: false } }
    expect((await page(await openTestMailshot({ lists: team }))).view.signUp).toEqual([])
  })

  it('turns its pages by the last slug, in the language that somebody chose', async () => {
    const mailshot = await openTestMailshot()
    await sendOften(mailshot, 45)
    const first = await page(mailshot)
    expect(slugs(first.view)).toEqual(['n45', 'n26', 20])
    expect(first.view.turns).toEqual([
      { label: 'Lettres plus anciennes', href: '/newsletters?before=n26' },
    ])
    const second = await page(mailshot, '?before=n26&lang=fr')
    expect(slugs(second.view)).toEqual(['n25', 'n06', 20])
    expect(second.view.turns.map(({ href }) => href)).toEqual([
      '/newsletters?lang=fr',
      '/newsletters?before=n06&lang=fr',
    ])
    expect(second.view.head[0]?.href).toBe('https://example.org/newsletters?before=n26')
    const last = await page(mailshot, '?before=n06')
    expect(slugs(last.view)).toEqual(['n05', 'n01', 5])
    expect(last.view.turns).toHaveLength(1)
  })

  it('has no page behind the last letter, nor behind one that is not there', async () => {
    const mailshot = await openTestMailshot()
    await sendOften(mailshot, 1)
    const unknown = {
      status: 404,
      view: {
        kind: 'notice',
        heading: 'Cette lettre n’est pas ici',
        links: [{ href: '/newsletters' }, { href: '/mailshot/subscribe?lang=fr' }],
      },
    }
    const request = (query: string) => new Request(`https://example.org/newsletters${query}`)
    expect(await indexPage(mailshot, request('?before=n01'))).toMatchObject(unknown)
    expect(await indexPage(mailshot, request('?before=%27'))).toMatchObject(unknown)
  })
})

async function page(mailshot: TestMailshot, query = '', language = 'fr') {
  const headers = { 'accept-language': language }
  const request = new Request(`https://example.org/newsletters${query}`, { headers })
  const { view, ...rest } = await indexPage(mailshot, request)
  if (view.kind !== 'index') throw new Error('there is no such page')
  return { ...rest, view }
}

/** The first, the last, and how many. */
function slugs({ letters }: IndexView) {
  return [letters[0]?.slug, letters.at(-1)?.slug, letters.length]
}
