import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { campaignFolder, markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { shownOf } from './look-at.ts'

const body =
  'To {{ nom | default: "all" }} in {{ city | default: "nowhere" }}, {{ plan | default: "none" }}.'
const files = {
  'hello.md': markdown(body, 'subject: Hello {{ nom | default: "all" }}'),
  'both/fr.md': markdown('Bonjour {{ lang }}.', 'lists: [weekly, product]'),
  'both/en.md': markdown('Hello {{ lang }}.', 'lists: [weekly, product]'),
}

describe('an invented reader', () => {
  it('has a value for every field where the query says nothing', async () => {
    const { text, inbox, reader } = await shownOf(campaignFolder(files), 'hello')
    expect(text).toContain('To Camille Martin in city, free.')
    expect(inbox.subject).toBe('Hello Camille Martin')
    expect(reader).toMatchObject({ asked: undefined, notes: [], addresses: undefined })
  })

  it('has the values of the query, empty ones included', async () => {
    const query = '?name=&field.city=Lyon&field.plan=pro&email=zoe@example.net'
    const { text, headers } = await shownOf(campaignFolder(files), `hello${query}`)
    expect(text).toContain('To all in Lyon, pro.')
    expect(headers).toContainEqual(['To', 'zoe@example.net'])
    const empty = await shownOf(campaignFolder(files), 'hello?field.city=&field.plan=')
    expect(empty.text).toContain('in nowhere, none.')
  })

  it('has no value that its field cannot have, and says so', async () => {
    const query = '?field.plan=gold&email=nobody&lang=constructor'
    const { text, reader, headers } = await shownOf(campaignFolder(files), `hello${query}`)
    expect(text).toContain('free.')
    expect(headers).toContainEqual(['To', 'Camille Martin <camille@example.org>'])
    expect(reader.notes).toEqual([
      { text: 'plan: "gold" is not one of free, pro', lang: 'en' },
      { text: '« nobody » n’est pas une adresse électronique.' },
    ])
  })

  it('is data in every part: markup, lines and templates in a value stay text', async () => {
    const hostile = '<b>x</b>{{ email }}\r\nBcc: all@example.org'
    const query = new URLSearchParams({ name: hostile, 'field.city': hostile })
    const { headers, text, inbox } = await shownOf(campaignFolder(files), `hello?${query}`)
    const value = '<b>x</b>{{ email }} Bcc: all@example.org'
    expect(inbox.subject).toBe(`Hello ${value}`)
    expect(text).toContain(`To ${value} in ${value}`)
    expect(headers.map(([name]) => name)).not.toContain('Bcc')
  })

  it('chooses yes, no, numbers and dates by fields of their kind', async () => {
    const own = {
      vip: { type: 'boolean' },
      age: { type: 'number', label: { en: 'Age', fr: 'Âge' } },
      since: { type: 'date' },
    } as const
    const line =
      '{% if vip %}VIP{% else %}plain{% endif %} {{ age | default: "?" }} {{ since | default: "?" }}'
    const config = campaignFolder({ 'hello.md': markdown(line) }, { fields: own })
    const asked = '?field.vip=false&field.vip=true&field.age=1.5&field.since=2026-02-28'
    const shown = await shownOf(config, `hello${asked}`)
    expect(shown.text).toContain('VIP 1.5 2026-02-28')
    expect(shown.reader.fields).toMatchObject([
      { key: 'lang' },
      { key: 'name' },
      { key: 'email' },
      { key: 'field.vip', type: 'checkbox', value: 'true' },
      { key: 'field.age', type: 'number', value: '1.5', label: 'Âge' },
      { key: 'field.since', type: 'date', value: '2026-02-28' },
    ])
    expect((await shownOf(config, 'hello?field.vip=false')).text).toContain('plain')
  })

  it('reads the variant of a language, and the fallback where there is none', async () => {
    const config = campaignFolder(files)
    expect((await shownOf(config, 'both?lang=en')).text).toContain('Hello en.')
    const { text, lang, reader } = await shownOf(config, 'both?lang=de')
    expect([text, lang]).toEqual([expect.stringContaining('Bonjour de.'), 'fr'])
    expect(reader.notes).toEqual([{ text: expect.stringContaining('allemand') }])
  })

  it('is on the list that the query names, if the campaign goes to it', async () => {
    const config = campaignFolder(files)
    const listOf = async (query: string) =>
      (await shownOf(config, `both${query}`)).headers.find(([name]) => name === 'List-Id')?.[1]
    expect(await listOf('?list=product')).toBe('Produits <product.example.org>')
    expect(await listOf('?list=other')).toBe('Hebdo <weekly.example.org>')
  })
})

describe('a subscriber', () => {
  it('is shown as they get the mail, without links that could do anything', async () => {
    const { mailshot, config } = await withReaders()
    const open = { openSubscribers: async () => mailshot }
    const { text, headers, reader } = await shownOf(config, 'hello?as=READER1@example.net', open)
    expect(text).toContain('To Reader 1 in Toulouse, none.')
    expect(headers).toContainEqual(['To', 'Reader 1 <Reader1@example.net>'])
    expect(headers).toContainEqual([
      'List-Unsubscribe',
      '<https://example.org/mailshot/unsubscribe/sample>',
    ])
    expect(reader).toMatchObject({ asked: 'READER1@example.net', notes: [] })
    expect(reader.addresses).toEqual(['Reader1@example.net', 'Reader2@example.net'])
  })

  it('is never shown where subscribers may not be looked at', async () => {
    const { config } = await withReaders()
    const { text, reader } = await shownOf(config, 'hello?as=reader1@example.net')
    expect(text).toContain('To Camille Martin')
    expect(reader.addresses).toBeUndefined()
    expect(reader.notes).toEqual([{ text: expect.stringContaining('qu’en développement') }])
  })

  it('says when nobody has the address, or the person would get nothing', async () => {
    const { mailshot, config } = await withReaders()
    const notesFor = async (address: string) => {
      const open = { openSubscribers: async () => mailshot }
      return (await shownOf(config, `hello?as=${address}`, open)).reader.notes
    }
    await mailshot.db.write(
      sql`INSERT INTO suppressions (email, reason, at) VALUES ('reader2@example.net', 'complaint', 0)`,
      sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = 0, end_reason = 'page'
          WHERE subscriber_id = (SELECT id FROM subscribers WHERE email = 'reader2@example.net')`,
    )
    expect(await notesFor('nobody@example.net')).toEqual([
      { text: 'Personne ici n’a l’adresse nobody@example.net : cette personne est inventée.' },
    ])
    expect(await notesFor('reader2@example.net')).toEqual([
      { text: expect.stringContaining('bloquée (complaint)') },
      { text: expect.stringContaining('n’est abonnée à aucune') },
    ])
  })

  it('needs a database, and the mail does not', async () => {
    const config = campaignFolder(files)
    const openSubscribers = () => Promise.reject(new Error('no such file'))
    const { text, reader } = await shownOf(config, 'hello?as=a@example.net', { openSubscribers })
    expect(text).toContain('To Camille Martin')
    expect(reader.notes).toEqual([{ text: expect.stringContaining('no such file') }])
    expect(reader.addresses).toEqual([])
  })
})

async function withReaders() {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 2)
  return { mailshot, config: campaignFolder(files) }
}
