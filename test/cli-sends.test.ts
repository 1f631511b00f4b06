import { writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSite, type Site } from './run-mailshot.ts'
import { startSmtpServer, type SmtpServerOptions, type TestSmtpServer } from './smtp-server.ts'

const people = `email;name;lang;city
zoe@example.org;Zoë d'Alembert;fr;L'Haÿ-les-Roses
bob@example.org;"Robert ""Bob"" Smith";en;King’s Lynn
eve@example.org;;en;
`
const slug = '2026-06-launch'

describe('the whole way', () => {
  test('brings each reader their own mail, in their language, with the headers that let them leave', async () => {
    const { site, smtp } = await siteWithPeople()

    const checked = await site.mailshot('check')
    const sent = await site.mailshot('send', slug, '--yes')
    const delivered = await site.mailshot('deliver', '--until-done', '--quiet')

    expect([checked.code, sent.code, delivered.code]).toEqual([0, 0, 0])
    expect(delivered.out).toBe('3 mails sent\n')
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
  test('shows subjects, lists and audience, and does nothing without --yes where nobody can be asked', async () => {
    const { site } = await siteWithPeople()

    const { code, out, err } = await site.mailshot('send', slug)

    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toMatchInlineSnapshot(`
      "subject en  {{ nom | default: "Hello" }}, the boat leaves
      subject fr  {{ nom | default: "Bonjour" }}, le bateau part
      lists       weekly (Hebdo)
      to          3 people
      when        now
      mailshot: send: it would go to 3 people; add --yes to start it without a question
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

describe('mailshot deliver', () => {
  test('fails with --until-done when somebody was not reached, and recipients says why', async () => {
    const { site } = await siteWithPeople({
      onRcpt: (address) =>
        address === 'eve@example.org' ? { code: 550, text: '5.1.1 no such user' } : undefined,
    })
    await site.mailshot('send', slug, '--yes')

    const { code, out } = await site.mailshot('deliver', '--until-done', '--quiet')
    const failed = await site.json('recipients', slug, '--status', 'failed')

    expect(code).toBe(2)
    expect(out).toBe('2 mails sent, 1 failed\n')
    expect(failed).toMatchObject([
      { email: 'eve@example.org', status: 'failed', tries: 1, enhanced: '5.1.1' },
    ])
  })

  test('fails when the mail server refuses the login, and the send waits', async () => {
    const { site } = await siteWithPeople({
      onMailFrom: () => ({ code: 535, text: '5.7.8 authentication failed' }),
    })
    await site.mailshot('send', slug, '--yes')

    const { code, err } = await site.mailshot('deliver', '--until-done', '--quiet')

    expect(code).toBe(2)
    expect(err).toContain(`${slug} is paused: blocked`)
  })

  test('stops cleanly at SIGTERM, and the rest is mailed later, nobody twice', async () => {
    const { site, smtp } = await siteWithPeople({}, { MAILSHOT_PACE: '1/second' })
    await site.mailshot('send', slug, '--yes')

    const worker = site.start('deliver', '--quiet')
    await once(smtp.events, 'message')
    worker.kill('SIGTERM')
    const stopped = await site.ended(worker)
    const left = await site.json('recipients', slug, '--status', 'pending')
    await site.mailshot('deliver', '--until-done', '--quiet')

    expect(stopped).toMatchObject({ code: 0, out: expect.stringMatching(/^\d mails? sent\n$/) })
    expect(left.length).toBeGreaterThan(0)
    const reached = mailsToPeople(smtp).map((mail) => mail.envelope.to[0] ?? '')
    expect(reached).toHaveLength(3)
    expect(new Set(reached).size).toBe(3)
  })
})

describe('mailshot pause, resume and cancel', () => {
  test('hold a send, let it go on, and end it', async () => {
    const { site, smtp } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')

    const paused = await site.json('pause', slug)
    await site.mailshot('deliver', '--until-done', '--quiet')
    const resumed = await site.json('resume', slug)
    const cancelled = await site.json('cancel', slug)
    await site.mailshot('deliver', '--until-done', '--quiet')

    expect(paused).toMatchObject([{ status: 'paused', reason: 'operator' }])
    expect(resumed).toMatchObject([{ status: 'scheduled', reason: null }])
    expect(cancelled).toMatchObject([{ status: 'cancelled' }])
    expect(mailsToPeople(smtp)).toEqual([])
  })

  test('say which send they do not know', async () => {
    const { site } = await siteWithPeople()

    const { code, err } = await site.mailshot('pause', 'june')

    expect(code).toBe(1)
    expect(err).toContain('there is no send "june"')
  })
})

describe('mailshot status', () => {
  test('lists the sends as a table, or a line of JSON each', async () => {
    const { site } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')

    const { out } = await site.mailshot('status')
    const rows = await site.json('status')

    expect(out.split('\n')[0]).toMatch(/^send +campaign +status +planned +total +sent +remaining/)
    expect(out.split('\n')[1]).toMatch(/^\w+ +2026-06-launch +done .* 3 +3 +0 +0 +0 +0$/)
    expect(rows).toMatchObject([{ slug, status: 'done', total: 3, sent: 3, remaining: 0 }])
  })

  test('ends with --watch when the send has ended', async () => {
    const { site } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')

    const [watched] = await Promise.all([
      site.mailshot('status', slug, '--watch'),
      site.mailshot('deliver', '--until-done', '--quiet'),
    ])

    expect(watched.code).toBe(0)
    expect(watched.out).toMatch(/^status +done$/m)
    expect(watched.err).toContain(`${slug}: 3 of 3`)
  })
})

describe('mailshot recipients', () => {
  test('gives the history of one person: time, tries, answer and Message-ID', async () => {
    const { site, smtp } = await siteWithPeople()
    await site.mailshot('send', slug, '--yes')
    await site.mailshot('deliver', '--until-done', '--quiet')

    const rows = await site.json('recipients', slug, '--email', 'Zoe@Example.org')

    const mail = mailsToPeople(smtp).find(({ envelope }) => envelope.to[0] === 'zoe@example.org')
    expect(rows).toMatchObject([
      {
        email: 'zoe@example.org',
        status: 'sent',
        tries: 1,
        messageId: mail?.header('message-id'),
        answer: expect.stringContaining(`queued as ${mail?.queueId}`),
        settledAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ])
  })
})

/** A site with three subscribers on its weekly list, and a real SMTP server for its mails. */
async function siteWithPeople(
  options: SmtpServerOptions = {},
  env: Record<string, string> = {},
): Promise<{ site: Site; smtp: TestSmtpServer }> {
  const smtp = await startSmtpServer(options)
  onTestFinished(() => smtp.close())
  const site = openSite('site', { SMTP_PORT: String(smtp.port), ...env })
  await site.mailshot('init')
  const file = join(site.folder, 'people.csv')
  writeFileSync(file, people)
  const { code, err } = await site.mailshot('import', file, '--list', 'weekly')
  if (code !== 0) throw new Error(err)
  return { site, smtp }
}

/** All but the mails that tell the operator. */
function mailsToPeople(smtp: TestSmtpServer) {
  return smtp.messages.filter(({ envelope }) => envelope.to[0] !== 'operator@example.org')
}
