import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Run, runMailshot } from './run-mailshot.ts'

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

const parsed = (line: string): unknown => JSON.parse(line)

async function inspect(...args: string[]): Promise<Run> {
  return await runMailshot(['bounces', 'inspect', ...args], { cwd: fixtures })
}
