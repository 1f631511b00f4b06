import { createHmac, hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { spip, type SpipOptions } from '../../integrations/mailshot/sources/spip.ts'
import type { TableValue } from '../../integrations/mailshot/sources/tables.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf, dumpOf } from './table-rows.ts'

type Rows = readonly (readonly TableValue[])[]

const people = ['id_mailsubscriber', 'email', 'nom', 'optin', 'date', 'statut', 'jeton', 'lang']
const lists = {
  columns: ['id_mailsubscribinglist', 'identifiant', 'titre', 'statut'],
  rows: [
    [3, 'weekly', 'Hebdo', 'ouverte'],
    [5, 'product', 'Produits', 'fermee'],
  ],
}
const places = ['id_mailsubscriber', 'id_mailsubscribinglist', 'id_segment', 'statut']
const none = '0000-00-00 00:00:00'

describeImportSource(
  'spip',
  () =>
    site([
      [1, 'Zoe@Example.org', 'Zoé "Z" Martin', '', '2026-01-31 00:00:00', 'valide', 'jz', 'fr'],
      [2, 'broken@example.org'],
      [3, 'bob@example.org', 'Bob', '', none, 'refuse', 'jb', 'en'],
      [4, 'eve@example.org', 'Eve', '', none, 'prop', 'je', 'en'],
    ]),
  { without: ['attributes'] },
)

describe('spip', () => {
  it('takes the subscriptions themselves, not those to the segments of a list', async () => {
    const [row] = await rowsOf(
      site([[1, 'zoe@example.org', '', '', none, 'valide', '', '']], {
        places: [
          [1, 3, 0, 'refuse'],
          [1, 3, 2, 'valide'],
          [1, 9, 0, 'valide'],
        ],
      }),
    )
    expect(row?.subscriptions).toMatchObject([{ list: 'weekly', status: 'unsubscribed' }])
  })

  it('lets nobody back who left everything, whatever single subscriptions say', async () => {
    const left = [1, 'zoe@example.org', '', '', '2020-05-01 00:00:00', 'refuse', '', '']
    expect(await rowsOf(site([left], { places: [[1, 3, 0, 'valide']] }))).toMatchObject([
      {
        suppressed: 'unsubscribe',
        subscriptions: [{ list: 'weekly', status: 'unsubscribed' }],
      },
    ])
  })

  it('leaves out who is in the trash or on no list, and says how many', async () => {
    const source = site(
      [
        [1, 'a@example.org', '', '', none, 'poubelle', '', ''],
        [2, 'b@example.org', '', '', none, 'prepa', '', ''],
        [3, 'c@example.org', '', '', none, 'prepa', '', ''],
        [4, '0123456789abcdef0123456789abcdef@example.org', '', '', none, 'refuse', '', ''],
      ],
      { places: [[1, 3, 0, 'valide']] },
    )
    expect(await Array.fromAsync(source)).toEqual([
      { notice: '1 people in the trash of SPIP are left out' },
      { notice: '2 people without any subscription are left out' },
    ])
  })

  it('gives the hashes of those who left and are nothing else any more', async () => {
    const left = (id: number, email: string) => [
      id,
      `${hash('md5', email)}@example.org`,
      '',
      '',
      '2020-05-01 00:00:00',
      'refuse',
      '',
      '',
    ]
    const { suppressions } = site([
      left(1, 'gone@example.org'),
      left(2, 'back@example.org'),
      [3, 'back@example.org', '', '', none, 'valide', '', ''],
    ])
    expect(await Array.fromAsync(suppressions ?? [])).toMatchObject([
      {
        address: hash('md5', 'gone@example.org'),
        reason: 'unsubscribe',
        at: Date.UTC(2020, 4, 1),
      },
    ])
  })

  it('keeps the log of consents, and dates in the zone of the site', async () => {
    const row = [1, 'zoe@example.org', '', 'oui, 2019', '2019-07-01 12:30:15', 'valide', '', '']
    const at = Date.UTC(2019, 6, 1, 10, 30, 15)
    expect(await rowsOf(site([row], {}, { timeZone: 'Europe/Paris' }))).toMatchObject([
      {
        createdAt: at,
        consents: [
          { list: 'weekly', at, form: 'spip.sql: oui, 2019' },
          { list: 'product', at },
        ],
      },
    ])
  })

  it('knows of no consent where SPIP has no log of it, so that the import notes its own', async () => {
    const row = [1, 'zoe@example.org', '', '', '2019-07-01 12:30:15', 'valide', '', '']
    const [read] = await rowsOf(site([row]))
    expect(read).toMatchObject({ subscriptions: [{ list: 'weekly' }, { list: 'product' }] })
    expect(read?.consents).toBeUndefined()
  })

  it('mends accents that were stored twice encoded, and reads languages as tags', async () => {
    const twice = Buffer.from('Zoé Œuvré').toString('latin1')
    const rows = await rowsOf(
      site(
        [
          [1, 'a@example.org', 'ZoÃ© â€“ Ã‰va', '', none, 'valide', '', 'fr_tu'],
          [2, 'b@example.org', 'Ça Å Â', '', none, 'valide', '', 'pt_br'],
          [3, 'c@example.org', twice, '', none, 'valide', '', 'oc_ni_la'],
        ],
        {
          places: [
            [1, 3, 0, 'valide'],
            [2, 3, 0, 'valide'],
            [3, 3, 0, 'valide'],
          ],
        },
      ),
    )
    expect(rows.map(({ name, lang }) => [name, lang])).toEqual([
      ['Zoé – Éva', 'fr'],
      ['Ça Å Â', 'pt-br'],
      ['Zoé Œuvré', 'oc'],
    ])
  })

  it('makes the keys of the links in old mails, where the secret of the site is there', async () => {
    const secret = 'c0ffee'.repeat(11)
    const row = [1, 'zoe@example.org', '', '', none, 'valide', 'jeton', '']
    const [read] = await rowsOf(site([row], { places: [[1, 3, 0, 'valide']], secret }))
    expect(read?.formerIds).toEqual([
      // sha1 of `unsubscribe-zoe@example.org-jeton` and the secret, and of `…-jeton+3`.
      { source: 'spip', id: sha1(`unsubscribe-zoe@example.org-jeton${secret}`) },
      { source: 'spip', id: sha1(`unsubscribe-zoe@example.org-jeton+3${secret}`) },
    ])
  })

  it('makes them of both halves of a secret, where one is in a file of the site', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailshot-spip-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [stored, other] = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')]
    const keys = join(folder, 'cles.php')
    const json = JSON.stringify({ secret_du_site: other.toString('base64') })
    writeFileSync(keys, `<?php die ('Acces interdit'); ?>\n${json}`)
    const row = [1, 'zoe@example.org', '', '', none, 'valide', 'jeton', '']
    const given = [[1, 9, 0, 'valide']]
    const secret = stored.toString('base64')
    const [read] = await rowsOf(site([row], { places: given, secret }, { keys }))
    const key = createHmac('sha256', Buffer.alloc(32, 3)).update(
      'unsubscribe-zoe@example.org-jeton',
    )
    expect(read?.formerIds).toEqual([{ source: 'spip', id: key.digest('hex') }])
    expect((await rowsOf(site([row], { places: given, secret })))[0]?.formerIds).toEqual([])
    writeFileSync(keys, '<?php')
    expect(() => site([row], {}, { keys })).toThrow('no keys of SPIP can be read there')
  })

  it('reads the tables of the first versions, which had lists in a column, and few columns', async () => {
    const dump = dumpOf({
      site_mailsubscribers: {
        columns: ['id_mailsubscriber', 'email', 'listes', 'statut'],
        rows: [
          [1, 'zoe@example.org', 'newsletter::weekly,newsletter::product', 'valide'],
          [2, 'bob@example.org', 'newsletter::weekly', 'refuse'],
        ],
      },
    })
    expect(await rowsOf(spip(mysqlDump(bytesOf(dump))))).toMatchObject([
      { subscriptions: [{ list: 'weekly', status: 'active' }, { list: 'product' }] },
      { subscriptions: [{ list: 'weekly', status: 'unsubscribed' }] },
    ])
  })

  it('asks which site is meant where a dump holds two, and reads that one', async () => {
    const table = (email: string) => ({
      columns: ['id_mailsubscriber', 'email', 'listes', 'statut'],
      rows: [[1, email, 'weekly', 'valide']],
    })
    const dump = dumpOf({
      spip_mailsubscribers: table('a@example.org'),
      old_mailsubscribers: table('b@example.org'),
    })
    await expect(rowsOf(spip(mysqlDump(bytesOf(dump), { name: 'spip.sql' })))).rejects.toThrow(
      'spip.sql: it holds spip_mailsubscribers and old_mailsubscribers, of two installations; ' +
        'say which one is meant: --prefix spip, for example',
    )
    const old = spip(mysqlDump(bytesOf(dump)), { prefix: 'old' })
    expect(await rowsOf(old)).toMatchObject([{ email: 'b@example.org' }])
  })

  it('says when a dump holds nothing of SPIP', async () => {
    const other = mysqlDump(bytesOf('CREATE TABLE x (y int); INSERT INTO x VALUES (1);'), {
      name: 'x.sql',
    })
    await expect(rowsOf(spip(other))).rejects.toThrow(
      'x.sql: it holds nothing of a newsletter of SPIP: no rows of mailsubscribers, mailshots, auteurs_listes …; ' +
        'is it a whole dump of that database, and do its tables begin as --prefix says?',
    )
  })
})

const usual: Rows = [
  [1, 3, 0, 'valide'],
  [1, 5, 0, 'valide'],
  [3, 3, 0, 'refuse'],
  [4, 5, 0, 'prop'],
]

function site(
  rows: Rows,
  { places: given = usual, secret = '' }: { places?: Rows; secret?: string } = {},
  options?: SpipOptions,
) {
  const dump = dumpOf({
    spip_mailsubscribers: { columns: people, rows },
    spip_mailsubscribinglists: lists,
    spip_mailsubscriptions: { columns: places, rows: given },
    spip_meta: { columns: ['nom', 'valeur'], rows: [['secret_du_site', secret]] },
  })
  return spip(mysqlDump(bytesOf(dump), { name: 'spip.sql' }), options)
}

async function rowsOf(source: ReturnType<typeof spip>) {
  const entries = await Array.fromAsync(source)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}

function sha1(text: string): string {
  return hash('sha1', text)
}
