import { describe, expect, it } from 'vitest'
import { listmonk } from '../../integrations/mailshot/sources/listmonk.ts'
import { listmonkCsv } from '../../integrations/mailshot/sources/listmonk-csv.ts'
import { pgDump } from '../../integrations/mailshot/sources/pg-dump.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf } from './table-rows.ts'

const day = '2026-01-31 00:00:00+00'
const later = '2026-02-01 00:00:00+00'

describeImportSource('listmonk', () =>
  installation({
    subscribers: [
      [
        '1',
        'uuid-z',
        'Zoe@Example.org',
        'Zoé "Z" Martin',
        '{"city": "Aix", "lang": "fr"}',
        'enabled',
        day,
      ],
      ['2', 'uuid-x', 'broken@example.org'],
      ['3', 'uuid-b', 'bob@example.org', 'Bob', '{}', 'enabled', day],
      ['4', 'uuid-e', 'eve@example.org', 'Eve', '{"city": "Lyon", "lang": "en"}', 'enabled', day],
    ],
  }),
)

describe('listmonk', () => {
  it('takes who is unconfirmed on a list of single opt-in as active, as listmonk mails them', async () => {
    const [row] = await rowsOf(
      installation({
        subscribers: [['1', 'u', 'a@example.org', '', '{}', 'enabled', day]],
        subscriber_lists: [
          ['1', '1', 'unconfirmed', day, day],
          ['1', '2', 'unconfirmed', day, day],
        ],
      }),
    )
    expect(row?.subscriptions).toMatchObject([
      { list: 'weekly', status: 'active' },
      { list: 'product', status: 'pending' },
    ])
  })

  it('suppresses who is blocklisted, by the gravest of their bounces', async () => {
    const person = (id: string, status: string) => [
      id,
      id,
      `p${id}@example.org`,
      '',
      '{}',
      status,
      day,
    ]
    const source = installation({
      subscribers: [
        person('1', 'blocklisted'),
        person('3', 'blocklisted'),
        person('4', 'disabled'),
      ],
      bounces: [
        ['3', 'hard'],
        ['3', 'complaint'],
      ],
    })
    expect(await rowsOf(source)).toMatchObject([
      {
        suppressed: 'unsubscribe',
        suppressionNote: 'blocklisted, as old.sql says',
        formerIds: [{ source: 'listmonk', id: '1' }],
        subscriptions: [{ status: 'unsubscribed' }, { status: 'unsubscribed' }],
      },
      { suppressed: 'complaint' },
      { suppressed: 'manual' },
    ])
  })

  it('gives what was sent, with what was counted', async () => {
    const { history } = installation({ subscribers: [] })
    expect(await Array.fromAsync(history?.sends() ?? [])).toMatchObject([
      {
        id: '5',
        subject: 'Hello @nom@',
        html: '<a href="https://example.org">@email@</a> ',
        from: { name: 'News', address: 'news@example.org' },
        lists: ['weekly'],
        status: 'done',
        startedAt: Date.UTC(2026, 0, 31),
        finishedAt: Date.UTC(2026, 1, 1),
        counts: { total: 10, sent: 9, opened: 2, clicked: 1 },
      },
    ])
  })
})

const csvHeader = 'uuid,email,name,attributes,status,created_at,updated_at'

describeImportSource(
  'listmonkCsv',
  () =>
    listmonkCsv(
      bytesOf(`${csvHeader}
u1,Zoe@Example.org,"Zoé ""Z"" Martin","{""city"": ""Aix"", ""lang"": ""French""}",enabled,2026-01-31T00:00:00Z,
u2,broken@example.org,"line
u3,bob@example.org,Bob,{},blocklisted,,
u4,eve@example.org,Eve,"{""city"": ""Lyon"", ""lang"": ""en""}",enabled,,`),
    ),
  { without: ['lists', 'pending'] },
)

describe('listmonkCsv', () => {
  it('gives each row, with its attributes and its former id', async () => {
    const lines = [
      `u1,zoe@example.org,Zoé,"{""city"": ""Aix"", ""tags"": [""a"", 1], ""deep"": {}}",enabled,2026-01-31T00:00:00Z,`,
      'u2,bob@example.org,Bob,{},blocklisted,2026-01-31 11:00:00.123456 +0100 CET,',
      'u3,eve@example.org,Eve,{},unknown,,',
    ]
    const source = listmonkCsv(bytesOf([csvHeader, ...lines].join('\n')), { name: 'list.csv' })
    expect(await Array.fromAsync(source)).toMatchObject([
      {
        row: {
          email: 'zoe@example.org',
          status: 'active',
          attributes: { city: 'Aix', tags: 'a, 1' },
          confirmedAt: Date.UTC(2026, 0, 31),
          formerIds: [{ source: 'listmonk', id: 'u1' }],
        },
      },
      {
        row: {
          status: 'unsubscribed',
          suppressed: 'unsubscribe',
          createdAt: Date.UTC(2026, 0, 31, 10, 0, 0, 123),
        },
      },
      { fault: { line: 4, cause: 'status "unknown" is none of listmonk\'s' } },
    ])
  })
})

const columns: Record<string, string> = {
  bounces: 'subscriber_id, type',
  campaign_lists: 'campaign_id, list_name',
  campaign_views: 'campaign_id, subscriber_id',
  campaigns:
    'id, subject, from_email, body, content_type, status, to_send, sent, started_at, updated_at',
  link_clicks: 'campaign_id, link_id',
  lists: 'id, name, optin',
  subscriber_lists: 'subscriber_id, list_id, status, created_at, updated_at',
  subscribers: 'id, uuid, email, name, attribs, status, created_at',
}

const usual: Record<string, string[][]> = {
  bounces: [],
  campaign_lists: [['5', 'weekly']],
  campaign_views: [
    ['5', '1'],
    ['5', '\\N'],
  ],
  campaigns: [
    ['4', 'Draft', '', '', 'html', 'draft', '0', '0', '\\N', day],
    [
      '5',
      'Hello {{ .Subscriber.Name }}',
      'News <news@example.org>',
      '<a href="{{ TrackLink "https://example.org" . }}">{{ .Subscriber.Email }}</a> {{ TrackView }}',
      'html',
      'finished',
      '10',
      '9',
      day,
      later,
    ],
  ],
  link_clicks: [['5', '1']],
  lists: [
    ['1', 'weekly', 'single'],
    ['2', 'product', 'double'],
  ],
  subscriber_lists: [
    ['1', '1', 'confirmed', day, day],
    ['1', '2', 'confirmed', day, day],
    ['3', '1', 'unsubscribed', day, later],
    ['4', '2', 'unconfirmed', day, day],
  ],
}

function installation(tables: Record<string, string[][]>) {
  const copies = Object.entries({ ...usual, ...tables }).map(([table, rows]) => {
    const lines = rows.map((row) => `${row.join('\t')}\n`)
    return `COPY public.${table} (${columns[table]}) FROM stdin;\n${lines.join('')}\\.\n\n`
  })
  return listmonk(pgDump(bytesOf(copies.join('')), { name: 'old.sql' }))
}

async function rowsOf(source: ReturnType<typeof listmonk>) {
  const entries = await Array.fromAsync(source)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}
