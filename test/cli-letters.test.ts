import { describe, expect, test } from 'vitest'
import { mailsToPeople, siteWithPeople } from './site-with-people.ts'

describe('mailshot letters', () => {
  test('lists a confirmation that was refused, and mails it when retried', async () => {
    let refusals = 1
    const { site, smtp } = await siteWithPeople({
      onRcpt: () => (refusals-- > 0 ? { code: 550, text: '5.1.1 no such user' } : undefined),
    })
    await site.mailshot('subscribers', 'add', 'ana@example.org', '--list', 'weekly')
    const delivered = await site.mailshot('deliver', '--until-done', '--quiet')

    const failed = await site.json('letters')
    const retried = await site.mailshot('letters', 'retry')
    await site.mailshot('deliver', '--until-done', '--quiet')

    expect(delivered.out).toBe('0 mails sent; 1 letter tried\n')
    expect(failed).toMatchObject([
      { kind: 'confirmation', email: 'ana@example.org', status: 'failed', tries: 1 },
    ])
    expect(failed).toMatchObject([{ reason: expect.stringContaining('5.1.1 no such user') }])
    expect(retried).toMatchObject({ code: 0, out: '1 letter queued again\n' })
    const [mail] = await Promise.all(mailsToPeople(smtp).map((received) => received.read()))
    expect(mail?.text).toMatch(/https:\/\/example\.org\/mailshot\/confirm\/[\w-]+/)
    expect(await site.mailshot('letters')).toMatchObject({
      err: 'No letter has failed, none waits after a refusal, and none is held.\n',
    })
  })

  test('refuses what is not the number of a letter', async () => {
    const { site } = await siteWithPeople()
    const { code, err } = await site.mailshot('letters', 'retry', 'ana')
    expect(code).toBe(1)
    expect(err).toContain('"ana" is not the number of a letter')
  })
})
