import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFile } from 'node:fs/promises'
import { openSite, type Run, runMailshot, type Site } from './run-mailshot.ts'

const fixtures = join(import.meta.dirname, 'fixtures/bounces')

describe('mailshot bounces inspect', () => {
  test('prints a line of JSON a file, without a project around it', async () => {
    const { code, out } = await inspect('postfix-unknown-user.eml', 'vacation.eml', '--json')

    expect(out.trimEnd().split('\n').map(parsed)).toEqual([
      {
        file: 'postfix-unknown-user.eml',
        kind: 'bounce',
        reports: [
          {
            recipient: 'zoe@example.net',
            class: 'hard',
            status: '5.1.1',
            reason:
              '550 5.1.1 <zoe@example.net>: Recipient address rejected: User unknown in virtual mailbox table',
            messageId: '<12.345@example.org>',
            token: '0f3k9q2m7t',
          },
        ],
      },
      { file: 'vacation.eml', kind: 'autoreply', reports: [] },
    ])
    expect(code).toBe(0)
  })

  test('tells people the same, and shows files it cannot read after the others', async () => {
    const { code, out, err } = await inspect('nowhere.eml', '.', 'complaint.eml')

    expect(out).toMatch(/^complaint\.eml: complaint\n {2}recipient zoe@example\.net\n/)
    expect(err).toBe(
      'mailshot: nowhere.eml: there is no such file\n' +
        'mailshot: .: that is a folder; name the files in it: ./*\n',
    )
    expect(code).toBe(1)
  })

  test('leaves out what is not known, as null', async () => {
    const { out } = await inspect('lotus-notes.eml', '--json')

    expect(parsed(out)).toMatchObject({ reports: [{ class: 'hard', status: null }] })
  })
})

describe('mailshot bounces record', () => {
  test('stores what comes in through a pipe, and takes what says nothing, so that it is not sent back', async () => {
    const site = openSite()
    await site.mailshot('init')

    const bounce = await pipe(site, 'postfix-unknown-user.eml')
    const other = await pipe(site, 'newsletter.eml')

    expect(bounce).toEqual({ code: 0, out: '', err: 'the mail: bounce, 1 recorded, 1 unmatched\n' })
    expect(other).toEqual({ code: 0, out: '', err: 'the mail: none, not recorded\n' })
    expect(await site.json('events')).toMatchObject([
      { transport: 'bounces', type: 'bounced', recipient: 'zoe@example.net', matched: false },
    ])
  })

  test('asks the mail server to keep the mail where it cannot be stored', async () => {
    const { code, err } = await pipe(openSite(), 'postfix-unknown-user.eml')

    expect(err).toMatch(/^mailshot: .*mailshot\.db/)
    expect(code).toBe(75)
  })
})

async function pipe(site: Site, file: string): Promise<Run> {
  const child = site.start('bounces', 'record')
  child.stdin.write(await readFile(join(fixtures, file)))
  return await site.ended(child)
}

const parsed = (line: string): unknown => JSON.parse(line)

async function inspect(...args: string[]): Promise<Run> {
  return await runMailshot(['bounces', 'inspect', ...args], { cwd: fixtures })
}
