import { describe, expect, test } from 'vitest'
import { openSite } from './run-mailshot.ts'
import { mailsToPeople, siteWithPeople } from './site-with-people.ts'

const slug = '2026-06-launch'

describe('the whole way', () => {
  test('brings each reader their own mail, in their language, with the headers that let them leave', async () => {
    const { site, smtp } = await siteWithPeople()

    const checked = await site.mailshot('check')
    const sent = await site.mailshot('send', slug, '--yes')
    const delivered = await site.mailshot('deliver', '--until-done', '--quiet')

    expect([checked.code, sent.code, delivered.code]).toEqual([0, 0, 0])
    expect(delivered.out).toBe('3 mails sent; 2 letters tried\n')
    const mails = await Promise.all(mailsToPeople(smtp).map((mail) => mail.read()))
    const seen = mails.map(({ to, subject, text, headers }) => ({
      to,
      subject,
      city: /De (.*), le port|close to (.*)\. \[?/.exec(text)?.slice(1).find(Boolean),
      list: headers['list-id'],
      oneClick: headers['list-unsubscribe-post'],
    }))
    expect(seen.toSorted((a, b) => (a.to < b.to ? -1 : 1))).toMatchInlineSnapshot(`
      [
        {
          "city": "King’s Lynn",
          "list": "Weekly <weekly.example.org>",
          "oneClick": "List-Unsubscribe=One-Click",
          "subject": "Robert "Bob" Smith, the boat leaves",
          "to": ""Robert "Bob" Smith" <bob@example.org>",
        },
        {
          "city": "L'Haÿ-les-Roses",
          "list": "Hebdo <weekly.example.org>",
          "oneClick": "List-Unsubscribe=One-Click",
          "subject": "Zoë d'Alembert, le bateau part",
          "to": ""Zoë d'Alembert" <zoe@example.org>",
        },
        {
          "city": "you",
          "list": "Weekly <weekly.example.org>",
          "oneClick": "List-Unsubscribe=One-Click",
          "subject": "Hello, the boat leaves",
          "to": "eve@example.org",
        },
      ]
    `)
    expect(new Set(mails.map((mail) => mail.messageId)).size).toBe(3)
    const links = mails.map(({ headers }) => headers['list-unsubscribe'])
    expect(new Set(links).size).toBe(3)
    expect(links[0]).toMatch(/^<https:\/\/example\.org\/mailshot\/unsubscribe\/[\w.-]+>$/)
  })
})

describe('mailshot send', () => {
  test('counts the readers of a segment with --dry-run, warns where there are none, and starts nothing', async () => {
    const { site } = await siteWithPeople()

    const some = await site.mailshot('send', slug, '--segment', 'lang = fr', '--dry-run')
    const none = await site.mailshot('send', slug, '--exclude', 'weekly', '--dry-run', '--json')

    expect(some).toMatchObject({ code: 0, out: `${slug} would go to 1 reader of 3\n` })
    expect(some.err).toContain('segment     lang = fr\nto          1 reader of 3\n')
    expect(JSON.parse(none.out)).toMatchObject({ exclude: ['weekly'], readers: 0, of: 3 })
    expect(none.err).toContain('nobody would get it')
    expect(await site.mailshot('status')).toMatchObject({ out: '' })
  })

  test('shows subjects, lists and audience, and does nothing without --yes where nobody can be asked', async () => {
    const { site } = await siteWithPeople()

    const { code, out, err } = await site.mailshot('send', slug)

    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toMatchInlineSnapshot(`
      "subject en  {{ nom | default: "Hello" }}, the boat leaves
      subject fr  {{ nom | default: "Bonjour" }}, le bateau part
      lists       weekly (Hebdo)
      to          3 readers
      when        now
      mailshot: send: it would go to 3 readers; add --yes to start it without a question
      "
    `)
    expect(await site.mailshot('status')).toMatchObject({ out: '', code: 0 })
  })

  test('starts the same campaign once, however often it is run', async () => {
    const { site } = await siteWithPeople()

    const [first] = await site.json('send', `campaigns/${slug}/fr.md`, '--yes')
    const [second] = await site.json('send', slug, '--yes')

    expect(first).toMatchObject({
      created: true,
      send: { slug, status: 'scheduled', lists: ['weekly'], audience: 'first' },
    })
    expect(second).toEqual({ ...Object(first), created: false })
  })

  test('says so when a campaign was started already', async () => {
    const { site } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')

    const { code, out } = await site.mailshot('send', slug)

    expect(code).toBe(0)
    expect(out).toMatch(/^2026-06-launch was already started: send \w+ is scheduled\n$/)
  })

  test('plans a send for a time in the zone of the site', async () => {
    const { site } = await siteWithPeople()

    const [planned] = await site.json('send', slug, '--at', '2099-12-01 09:00', '--yes')

    expect(planned).toMatchObject({
      created: true,
      send: { status: 'scheduled', scheduledAt: '2099-12-01T08:00:00.000Z' },
    })
  })

  test('refuses a time that has passed, and one that is none', async () => {
    const { site } = await siteWithPeople()

    const past = await site.mailshot('send', slug, '--at', '2020-01-01 09:00', '--yes')
    const wrong = await site.mailshot('send', slug, '--at', 'tomorrow', '--yes')

    expect([past.code, wrong.code]).toEqual([1, 1])
    expect(past.err).toContain(
      '--at 2020-01-01 09:00: that is in the past; to start at once, leave it out',
    )
    expect(wrong.err).toContain('write it like "2026-12-01 09:00", or now')
  })

  test('mails one subscriber alone with --to', async () => {
    const { site, smtp } = await siteWithPeople()

    await site.mailshot('send', slug, '--to', 'BOB@example.org', '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')

    expect(mailsToPeople(smtp).map((mail) => mail.envelope.to)).toEqual([['bob@example.org']])
  })

  test('mails nobody twice, and with --resend-all everybody once more', async () => {
    const { site, smtp } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')

    await site.mailshot('send', slug, '--again', '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')
    expect(mailsToPeople(smtp)).toHaveLength(3)

    await site.mailshot('send', slug, '--resend-all', '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')
    expect(mailsToPeople(smtp)).toHaveLength(6)
  })

  test('refuses a campaign with mistakes, and tells them', async () => {
    const site = openSite('broken-site')
    await site.mailshot('init')

    const { code, out, err } = await site.mailshot('send', '2026-07-wrong', '--yes')

    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('campaigns/2026-07-wrong.md:2: error: unknown merge field "nme"')
    expect(err).toContain('mailshot: 2026-07-wrong: 2 errors, so it is not mailed\n')
  })
})
