import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
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

  it('tells the encoding of a file by itself, and takes what it rejected once that is corrected', async () => {
    const path = newFile(
      Buffer.from(`${header}\na@example.org,Zoé,,,valide,\nb,"Bé",,,odd,weekly\n`, 'latin1'),
    )
    const source = spipCsv(path)
    const [notice, row, rejected] = await Array.fromAsync(source)
    expect([notice, row]).toMatchObject([
      { notice: expect.stringContaining('read as windows-1252') },
      { row: { name: 'Zoé' } },
    ])
    const fault = rejected && 'fault' in rejected ? rejected.fault : { line: 0, cause: '' }
    const text = `${source.rejects?.heading()}${source.rejects?.line(fault)}`
    expect(text).toBe(
      `mailshot_line,mailshot_cause,${header}\n3,"statut ""odd"" is none of SPIP's",b,"Bé",,,odd,weekly\n`,
    )
    const corrected = spipCsv(newFile(Buffer.from(text.replace(',odd,', ',valide,'))))
    expect(await Array.fromAsync(corrected)).toMatchObject([
      { row: { email: 'b', name: 'Bé', lists: ['weekly'] } },
    ])
    await expect(Array.fromAsync(spipCsv(path, { encoding: 'utf-8' }))).rejects.toThrow(
      'this is not UTF-8',
    )
  })

  it('says when it is another file', async () => {
    await expect(
      Array.fromAsync(spipCsv(bytesOf('mail;nom\n'), { name: 'a.csv' })),
    ).rejects.toThrow(
      'a.csv: no column is called "email" (found: mail, nom); is it an export of that system?',
    )
  })
})

function newFile(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-spip-csv-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'spip.csv'), bytes)
  return join(folder, 'spip.csv')
}
