import { describe, expect, it } from 'vitest'
import { spipCsv } from '../../integrations/mailshot/sources/spip-csv.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf } from './table-rows.ts'

const header = 'email,nom,lang,date,statut,listes'

describeImportSource(
  'spipCsv',
  () =>
    spipCsv(
      bytesOf(`${header}
Zoe@Example.org,"Zoé ""Z"" Martin",fr,2026-01-31 00:00:00,valide,"newsletter::weekly,product"
broken@example.org,"line,,,,,
bob@example.org,Bob,en,,refuse,weekly
eve@example.org,Eve,en,,prop,product`),
      { name: 'spip.csv' },
    ),
  { without: ['attributes'] },
)

describe('spipCsv', () => {
  it('leaves out who never confirmed or is in the trash, and suppresses who left', async () => {
    const lines = [
      'a@example.org,,,,prepa,',
      'b@example.org,,,,poubelle,weekly',
      'c@example.org,,fr_tu,,refuse,',
    ]
    const entries = await Array.fromAsync(spipCsv(bytesOf([header, ...lines].join('\n'))))
    expect(entries).toMatchObject([
      { row: { email: 'c@example.org', lang: 'fr', suppressed: 'unsubscribe' }, line: 4 },
    ])
  })

  it('says when it is another file', async () => {
    await expect(
      Array.fromAsync(spipCsv(bytesOf('mail;nom\n'), { name: 'a.csv' })),
    ).rejects.toThrow(
      'a.csv: no column is called "email" (found: mail, nom); is it an export of that system?',
    )
  })
})
