import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSite } from './run-mailshot.ts'
import { siteWithPeople } from './site-with-people.ts'

const slug = '2026-06-launch'

describe('a mistake in the surroundings', () => {
  test('is told in one line that names it, without a stack', async () => {
    const site = openSite()
    const file = join(site.folder, 'file')
    writeFileSync(file, '')

    const told = await Promise.all([
      openSite('site', { MAILSHOT_DATABASE_URL: 'foo' }).mailshot('status'),
      openSite('site', { MAILSHOT_DATABASE_URL: 'libsql://127.0.0.1:1' }).mailshot('status'),
      openSite('site', { MAILSHOT_LOG: 'foo' }).mailshot('init'),
      site.mailshot('preview', slug, '--out', join(file, 'look')),
    ])

    expect(told.map(({ code, out }) => ({ code, out }))).toEqual(
      told.map(() => ({ code: 1, out: '' })),
    )
    const lines = told.map(({ err }) => err.trimEnd().split('\n'))
    expect(lines.map((one) => one.length)).toEqual([1, 1, 1, 1])
    expect(lines.flat()).toEqual([
      expect.stringContaining('"foo" is not the address of a database'),
      expect.stringContaining('libsql://127.0.0.1:1: the database cannot be opened'),
      expect.stringContaining('MAILSHOT_LOG: "foo" is not a level of the log'),
      expect.stringContaining(`${join(file, 'look')}: not a directory`),
    ])
  })
})

describe('a command or action that does not exist', () => {
  test('is refused, whatever its name', async () => {
    const commands = [
      ['subscribers', 'toString'],
      ['subscribers', 'constructor'],
      ['token', 'constructor'],
      ['letters', 'valueOf'],
      ['hasOwnProperty'],
      ['--json', 'status'],
    ]

    const told = await Promise.all(commands.map((words) => openSite().mailshot(...words)))

    expect(told.map(({ code }) => code)).toEqual(commands.map(() => 1))
    expect(told.map(({ err }) => err)).toEqual([
      'mailshot: subscribers: "toString" is not known; say one of list, count, show, add, unsubscribe, untrack, erase, data, proof, unseen\n',
      'mailshot: subscribers: "constructor" is not known; say one of list, count, show, add, unsubscribe, untrack, erase, data, proof, unseen\n',
      expect.stringMatching(/^mailshot: token: say create, list or revoke.*\n$/),
      expect.stringMatching(/^mailshot: letters: "valueOf" is not known.*\n$/),
      expect.stringMatching(/^mailshot: there is no command "hasOwnProperty".*\n$/),
      expect.stringMatching(/^mailshot: --json: options follow the command: .*\n$/),
    ])
  })
})

describe('a value that is not known', () => {
  test('is refused, and nothing is done', async () => {
    const { site } = await siteWithPeople()
    const zoe = 'zoe@example.org'
    const lines: [string[], string][] = [
      [['send', slug, '--list', 'nope'], '--list nope: there is no such list'],
      [['send', slug, '--again', '--resend-all', '--yes'], 'send: --again mails those'],
      [['send', slug, '--at', 'tomorrow'], '--at: "tomorrow" is not a time; write it like'],
      [['subscribers', '--list', 'nope'], '--list nope: there is no such list'],
      [['subscribers', 'unsubscribe', zoe, '--list', 'weekly,nope'], '--list nope: there is no'],
      [['subscribers', 'show', 'x'], '"x" is not an e-mail address'],
      [['preview', slug, '--as', 'x'], '"x" is not an e-mail address'],
      [['suppress', zoe, 'bad'], '"bad" is not an e-mail address'],
      [['suppress', '--list', zoe], 'suppress: --list shows all of them'],
    ]

    const told = await Promise.all(lines.map(([words]) => site.mailshot(...words)))

    expect(told.map(({ code, out }) => ({ code, out }))).toEqual(
      lines.map(() => ({ code: 1, out: '' })),
    )
    expect(told.map(({ err }) => err)).toEqual(
      lines.map(([, what]) => expect.stringMatching(new RegExp(`^mailshot: ${what}.*\\n$`))),
    )
    expect(await site.json('subscribers', 'show', zoe)).toMatchObject([
      { suppressed: null, subscriptions: [{ list: 'weekly', status: 'active' }] },
    ])
  })
})
