import { describe, expect, it } from 'vitest'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { phplist } from '../../integrations/mailshot/sources/phplist.ts'
import type { TableValue } from '../../integrations/mailshot/sources/tables.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf, dumpOf } from './table-rows.ts'

const users = 'id email confirmed blacklisted disabled entered uniqid'.split(' ')
const day = '2026-01-31 00:00:00'

describeImportSource('phplist', () =>
  installation([
    [1, 'Zoe@Example.org', 1, 0, 0, day, 'u1'],
    [2, 'broken@example.org'],
    [3, 'bob@example.org', 1, 1, 0, day, 'u3'],
    [4, 'eve@example.org', 0, 0, 0, day, 'u4'],
  ]),
)

describe('phplist', () => {
  it('suppresses who is on the blacklist, for the reason that stands there', async () => {
    const source = installation(
      [
        [1, 'a@example.org', 1, 0, 0, day, 'u1'],
        [2, 'b@example.org', 1, 1, 0, day, 'u2'],
        [3, 'c@example.org', 1, 0, 1, day, 'u3'],
      ],
      {
        blacklist: [
          ['A@example.org', '2020-05-01 10:00:00'],
          ['gone@example.org', day],
        ],
        reasons: [
          ['A@example.org', 'reason', '3 consecutive bounces, threshold reached'],
          ['gone@example.org', 'reason', 'spam complaint'],
        ],
      },
    )
    expect(await rowsOf(source)).toMatchObject([
      {
        suppressed: 'hard-bounce',
        suppressedAt: Date.UTC(2020, 4, 1, 10),
        subscriptions: [
          { list: 'weekly', status: 'unsubscribed', endedAt: Date.UTC(2020, 4, 1, 10) },
          { list: 'product' },
        ],
        suppressionNote:
          'on the blacklist, as old.sql says: 3 consecutive bounces, threshold reached',
      },
      { suppressed: 'unsubscribe', formerIds: [{ source: 'phplist', id: 'u2' }] },
      { suppressed: 'manual' },
    ])
    expect(await Array.fromAsync(source.suppressions ?? [])).toMatchObject([
      { address: 'gone@example.org', reason: 'complaint' },
    ])
  })

  it('brings in who says of their language what is none', async () => {
    const [row] = await rowsOf(
      installation([[4, 'a@example.org', 1, 0, 0, day, 'u4']], { language: 'Elvish' }),
    )
    expect(row).toMatchObject({ email: 'a@example.org', lang: '' })
  })

  it('leaves out who is on no list, and says how many', async () => {
    const source = installation([[9, 'a@example.org', 1, 0, 0, day, 'u9']])
    expect(await Array.fromAsync(source)).toEqual([{ notice: '1 people on no list are left out' }])
  })

  it('gives what was sent, with who got it', async () => {
    const { history } = installation([
      [1, 'zoe@example.org', 1, 0, 0, day, 'u1'],
      [3, 'bob@example.org', 1, 0, 0, day, 'u3'],
    ])
    const sends = await Array.fromAsync(history?.sends() ?? [])
    expect(sends).toMatchObject([
      {
        id: '7',
        subject: 'Hello @nom@',
        html: '<a href="@url_unsubscribe@">x</a> [LOGO] @city@, @nom@: [2020] été',
        from: { name: 'The News', address: 'news@example.org' },
        lists: ['weekly', 'product'],
        startedAt: Date.UTC(2020, 0, 1, 8),
        finishedAt: Date.UTC(2020, 0, 1, 9),
        status: 'done',
      },
    ])
    expect([...(sends[0]?.recipients() ?? [])]).toEqual([
      {
        email: 'zoe@example.org',
        status: 'sent',
        at: Date.UTC(2020, 0, 1, 8),
        reports: ['opened'],
      },
      { email: 'bob@example.org', status: 'failed', at: Date.UTC(2020, 0, 1, 8), reports: [] },
    ])
  })
})

type Rows = (readonly TableValue[])[]

function installation(
  rows: Rows,
  {
    blacklist = [],
    reasons = [],
    language = 'English',
  }: { blacklist?: Rows; reasons?: Rows; language?: string } = {},
) {
  const start = '2020-01-01 08:00:00'
  const dump = dumpOf({
    phplist_list: {
      columns: ['id', 'name'],
      rows: [
        [1, 'weekly'],
        [2, 'product'],
      ],
    },
    phplist_listattr_cities: {
      columns: ['id', 'name'],
      rows: [
        [1, 'Aix'],
        [2, 'Lyon'],
      ],
    },
    phplist_listattr_shoes: { columns: ['id', 'name'], rows: [[1, '44']] },
    phplist_listmessage: {
      columns: ['messageid', 'listid'],
      rows: [
        [7, 1],
        [7, 2],
      ],
    },
    phplist_listuser: {
      columns: ['userid', 'listid', 'entered'],
      rows: [
        [1, 1, day],
        [1, 2, day],
        [3, 1, day],
        [4, 2, day],
      ],
    },
    phplist_message: {
      columns: 'id subject fromfield message textmessage status sendstart sent processed'.split(
        ' ',
      ),
      rows: [
        [6, 'Draft', '', '', '', 'draft', start, start, 0],
        [
          7,
          'Hello [NAME]',
          'The News <news@example.org>',
          '<a href="[UNSUBSCRIBEURL]">x</a> [LOGO] [City%%nowhere], [FIRST NAME]: [2020] Ã©tÃ©[USERTRACK]',
          '',
          'sent',
          start,
          '2020-01-01 09:00:00',
          2,
        ],
      ],
    },
    phplist_user_attribute: {
      columns: ['id', 'name', 'type', 'tablename'],
      rows: [
        [1, 'First name', 'textline', ''],
        [2, 'Last name', 'textline', ''],
        [3, 'City', 'select', 'cities'],
        [4, 'Language', 'hidden', ''],
      ],
    },
    phplist_user_blacklist: { columns: ['email', 'added'], rows: blacklist },
    phplist_user_blacklist_data: { columns: ['email', 'name', 'data'], rows: reasons },
    phplist_user_user: { columns: users, rows },
    phplist_user_user_attribute: {
      columns: ['attributeid', 'userid', 'value'],
      rows: [
        [1, 1, 'ZoÃ©'],
        [2, 1, '"Z" Martin'],
        [3, 1, '1'],
        [4, 1, 'fr'],
        [3, 4, '2'],
        [4, 4, language],
      ],
    },
    phplist_usermessage: {
      columns: ['messageid', 'userid', 'entered', 'viewed', 'status'],
      rows: [
        [7, 1, start, day, 'sent'],
        [7, 3, start, null, 'not sent'],
      ],
    },
  })
  return phplist(mysqlDump(bytesOf(dump), { name: 'old.sql' }))
}

async function rowsOf(source: ReturnType<typeof phplist>) {
  const entries = await Array.fromAsync(source)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}
