import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { mailsToPeople, siteWithPeople } from './site-with-people.ts'

const slug = '2026-06-launch'

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
    expect(out).toBe('2 mails sent, 1 failed; 2 letters tried\n')
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

  test('says in one line that the database is held, and fails', async () => {
    const { site } = await siteWithPeople({}, { MAILSHOT_HOLD: '1' })

    const { code, out, err } = await site.mailshot('deliver', '--until-done')

    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: 'mailshot: nothing is sent: the config says hold\n',
    })
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

    expect(stopped).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d mails? sent(?:; \d letters? tried)?\n$/),
    })
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
