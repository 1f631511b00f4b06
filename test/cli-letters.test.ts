import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

describe('a letter by its name', () => {
  test('is written to look at, and mailed as a test in the reader’s language', async () => {
    const { site, smtp } = await siteWithPeople()

    const look = ['preview', 'letters/confirmation', '--out', 'look']
    const [written] = await site.json(...look, '--as', 'zoe@example.org')
    const refused = await site.mailshot(...look, '--lang', 'tlh')
    const told = await site.json('test', 'letters/welcome', 'zoe@example.org')

    const file = (ending: string) => join(site.folder, 'look/letters', `confirmation.fr.${ending}`)
    expect(written).toEqual({
      slug: 'letters/confirmation',
      files: ['html', 'txt', 'eml'].map(file),
    })
    expect(readFileSync(file('txt'), 'utf8')).toContain('/mailshot/confirm/sample')
    expect(refused.err).toContain('letters/confirmation is not written in that language')
    expect(told).toMatchObject([{ address: 'zoe@example.org', status: 'accepted' }])
    const [mail] = await Promise.all(smtp.messages.map((received) => received.read()))
    expect(mail?.subject).toBe('[TEST] Bienvenue chez Les Nouvelles')
    expect(mail?.text).toContain('https://example.org/mailshot/preferences/sample')
  })
})
