import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSite } from './run-mailshot.ts'
import { siteWithPeople } from './site-with-people.ts'
import { receivedMail } from './smtp-server.ts'

const slug = '2026-06-launch'

describe('mailshot check', () => {
  test('tells each mistake with its place, its reason and its cure, and fails', async () => {
    const { code, out } = await openSite('broken-site').mailshot('check')

    expect(code).toBe(1)
    expect(out).toMatchInlineSnapshot(`
      "campaigns/2026-07-wrong.md:2: error: unknown merge field "nme": it is neither built in nor among the fields of mailshot.config.ts
          → did you mean "name"?
      campaigns/2026-07-wrong.md:4: error: unknown list "weeky": it is not in mailshot.config.ts
          → did you mean "weekly"?
      1 campaign checked: 2 errors, 0 warnings
      "
    `)
  })

  test('gives all of it as one JSON value', async () => {
    const results = await openSite('broken-site').json('check')

    expect(results).toMatchObject([
      {
        errors: 2,
        warnings: 0,
        campaigns: [
          {
            slug: '2026-07-wrong',
            problems: [
              { file: 'campaigns/2026-07-wrong.md', line: 2, severity: 'error' },
              { file: 'campaigns/2026-07-wrong.md', line: 4, severity: 'error' },
            ],
          },
        ],
      },
    ])
  })

  test('names the campaign that was meant, and checks none', async () => {
    const site = openSite()

    const told = await Promise.all([
      site.mailshot('check', '2026-06-lunch'),
      site.mailshot('preview', 'nope'),
    ])

    expect(told).toEqual([
      {
        code: 1,
        out: '',
        err: `mailshot: there is no campaign "2026-06-lunch"; did you mean ${slug}?\n`,
      },
      {
        code: 1,
        out: '',
        err: `mailshot: there is no campaign "nope"; the latest are: ${slug}\n`,
      },
    ])
  })

  test('needs no database and no secret', async () => {
    const site = openSite('site', { MAILSHOT_SECRET: undefined })

    const { code, out } = await site.mailshot('check', slug)

    expect(out).toBe('1 campaign checked: all is well\n')
    expect(code).toBe(0)
  })
})

describe('mailshot preview', () => {
  test('writes what is mailed for each language, where it was called from', async () => {
    const site = openSite()

    const [result] = await site.json('preview', slug, '--out', 'look')

    const file = (name: string) => join(site.folder, 'look', `${slug}.${name}`)
    const kinds = ['html', 'txt', 'eml']
    expect(result).toEqual({
      slug,
      files: ['en', 'fr'].flatMap((lang) => kinds.map((kind) => file(`${lang}.${kind}`))),
    })
    expect(readFileSync(file('fr.html'), 'utf8')).toMatch(/^<!doctype html>[^]*Le bateau part/i)
    expect(readFileSync(file('en.txt'), 'utf8')).toContain('Hello Camille Martin')
    const mail = receivedMail(readFileSync(file('fr.eml')), { from: '', to: [] })
    expect(await mail.read()).toMatchObject({ subject: 'Camille Martin, le bateau part' })
  })

  test('refuses a language that the campaign is not written in, and writes nothing', async () => {
    const site = openSite()
    const preview = ['preview', slug, '--out', 'look', '--lang']

    const told = await Promise.all([
      site.mailshot(...preview, '../../x'),
      site.mailshot(...preview, 'de'),
    ])

    expect(told).toMatchObject([{ code: 1 }, { code: 1 }])
    expect(told.map(({ err }) => err)).toEqual([
      `mailshot: --lang ../../x: ${slug} is not written in that language; known: en, fr\n`,
      `mailshot: --lang de: ${slug} is not written in that language; known: en, fr\n`,
    ])
    expect(readdirSync(site.folder)).toEqual([])
  })

  test('shows it as one subscriber gets it', async () => {
    const { site } = await siteWithPeople()

    await site.mailshot('preview', slug, '--as', 'bob@example.org', '--out', 'look')

    const text = readFileSync(join(site.folder, 'look', `${slug}.en.txt`), 'utf8')
    expect(text).toContain('Hello Robert "Bob" Smith')
    expect(text).toContain('King’s Lynn')
  })
})

describe('mailshot test', () => {
  test('mails a marked copy to any address, in a chosen language, and counts it nowhere', async () => {
    const { site, smtp } = await siteWithPeople()

    const results = await site.json('test', slug, 'me@example.net', '--lang', 'en')
    const { out } = await site.mailshot('status')

    expect(results).toMatchObject([{ address: 'me@example.net', status: 'accepted' }])
    const mails = await Promise.all(smtp.messages.map((mail) => mail.read()))
    expect(mails).toMatchObject([
      {
        to: expect.stringContaining('me@example.net'),
        subject: '[TEST] Camille Martin, the boat leaves',
      },
    ])
    expect(out).toBe('')
  })

  test('mails nobody who is suppressed, unless told so', async () => {
    const { site, smtp } = await siteWithPeople()
    await site.mailshot('suppress', 'zoe@example.org')

    const refused = await site.mailshot('test', slug, 'zoe@example.org')
    expect(refused.code).toBe(1)
    expect(smtp.messages).toEqual([])

    const forced = await site.mailshot('test', slug, 'zoe@example.org', '--force')
    expect(forced).toMatchObject({ code: 0, out: 'zoe@example.org: sent\n' })
    expect(smtp.messages).toHaveLength(1)
  })

  test('fails when the mail server does not take it, with its answer', async () => {
    const { site } = await siteWithPeople({
      onRcpt: () => ({ code: 550, text: '5.1.1 no such user' }),
    })

    const { code, out } = await site.mailshot('test', slug, 'me@example.net')

    expect(code).toBe(2)
    expect(out).toMatch(/^me@example\.net: rejected: .*5\.1\.1 no such user/)
  })

  test('mails nothing in a language that the campaign is not written in', async () => {
    const { site, smtp } = await siteWithPeople()

    const { code, err } = await site.mailshot('test', slug, 'me@example.net', '--lang', 'klingon')

    expect(code).toBe(1)
    expect(err).toContain(`--lang klingon: ${slug} is not written in that language`)
    expect(smtp.messages).toEqual([])
  })

  test('asks for an address', async () => {
    const { code, err } = await openSite().mailshot('test', slug)

    expect(code).toBe(1)
    expect(err).toContain('test: to which address?')
  })
})

describe('mailshot doctor', () => {
  test('finds everything in place', async () => {
    const { site } = await siteWithPeople()

    const findings = await site.json('doctor')

    expect(findings).toMatchObject([
      { check: 'settings', state: 'ok' },
      { check: 'secret', state: 'ok' },
      { check: 'database', state: 'ok' },
      { check: 'sender', state: 'warning' },
      { check: 'proxies', state: 'warning', detail: expect.stringContaining('not declared') },
      { check: 'transport', state: 'ok' },
    ])
  })

  test('names each thing that is wrong, and fails', async () => {
    const site = openSite('site', { MAILSHOT_SECRET: undefined, SMTP_PORT: '1' })

    const { code, out } = await site.mailshot('doctor')

    expect(code).toBe(2)
    expect(out).toMatch(/^✘ secret +MAILSHOT_SECRET: .* is missing/m)
    expect(out).toMatch(/^✘ database +.*there is no database; create it once with "mailshot init"/m)
    expect(out).toMatch(/^✘ transport +smtp 127\.0\.0\.1:1: nothing listens/m)
  })

  test('fails when nothing would be sent', async () => {
    const { site } = await siteWithPeople({}, { MAILSHOT_HOLD: '1' })

    const { code, out } = await site.mailshot('doctor')

    expect(code).toBe(2)
    expect(out).toMatch(/^✘ hold +nothing is being sent: the config says hold$/m)
  })

  test('goes on to the other checks when no database answers', async () => {
    const env = { MAILSHOT_DATABASE_URL: 'libsql://127.0.0.1:1', SMTP_PORT: '1' }

    const findings = await openSite('site', env).json('doctor')

    expect(findings).toMatchObject([
      { check: 'settings', state: 'ok' },
      { check: 'secret', state: 'ok' },
      { check: 'database', state: 'problem' },
      { check: 'sender', state: 'warning' },
      { check: 'proxies', state: 'warning' },
      { check: 'transport', state: 'problem' },
    ])
  })
})
