import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ImportEntry } from '../../integrations/mailshot/import.ts'
import { dateReader } from '../../integrations/mailshot/sources/csv/date.ts'
import { csv, type CsvOptions } from '../../integrations/mailshot/sources/csv.ts'
import { describeImportSource } from '../import-contract.ts'

describeImportSource('csv', () =>
  source(
    [
      'email;name;lang;lists;status;confirmed_at;city',
      'Zoe@Example.org;"Zoé ""Z"" Martin";fr;weekly|product;active;2026-01-31;Aix',
      'broken;"line;;;;;',
      'bob@example.org;Bob;en;weekly;unsubscribed;;',
      'eve@example.org;Eve;en;product;pending;;Lyon',
    ].join('\r\n'),
    { fields: ['city'] },
  ),
)

describe('csv', () => {
  it('reads the header in English or French, in any spelling', async () => {
    const row = { email: 'zoe@example.org', name: 'Zoé Martin', lang: 'fr', lists: ['weekly'] }
    for (const header of [
      'email,name,lang,lists',
      'E-mail;Nom;Langue;Listes',
      'Adresse e-mail\tNom complet\tLANGUAGE\tliste',
      '"Courriel", "nom" ,"locale","list"',
    ]) {
      const [delimiter = ''] = /[,;\t]/.exec(header) ?? []
      const line = ['zoe@example.org', 'Zoé Martin', 'fr', 'weekly'].join(delimiter)
      expect(await rowsOf(`${header}\n${line}`)).toMatchObject([row])
    }
  })

  it('joins a first and a last name', async () => {
    expect(await rowsOf('email;nom;prénom\nz@example.org;Martin;Zoé')).toMatchObject([
      { name: 'Zoé Martin' },
    ])
    expect(await rowsOf('email;First name\nz@example.org;Zoé')).toMatchObject([{ name: 'Zoé' }])
    expect(await rowsOf('email;nom\nz@example.org;Zoé Martin')).toMatchObject([
      { name: 'Zoé Martin' },
    ])
  })

  it('reads a column of attributes where the config declares the field, a name included', async () => {
    const text = 'email;Ville ;prenom\nz@example.org; Aix ;Zoé'
    expect(await rowsOf(text, { fields: ['ville', 'prenom'] })).toMatchObject([
      { name: 'Zoé', attributes: { ville: ' Aix ', prenom: 'Zoé' } },
    ])
  })

  it('says which columns it ignores, and which it knows', async () => {
    const entries = await entriesOf('email;shoe;mail;\nz@example.org;44;y@example.org;', {
      fields: ['city'],
    })
    expect(entries.filter((entry) => 'notice' in entry)).toEqual([
      {
        notice:
          'column "shoe" is ignored (known: email, name, lang, time_zone, lists, status, confirmed_at, city); ' +
          'declare it in "fields" of mailshot.config.ts to keep it',
      },
      { notice: 'column "mail" is ignored: another one holds the email already' },
    ])
    expect(await rowsOf('email;mail\nz@example.org;y@example.org')).toMatchObject([
      { email: 'z@example.org' },
    ])
  })

  it('takes columns by the names that it is told', async () => {
    const text = 'Adresse;Wer;"E-mail address";Ville\n1 rue X;Zoé;z@example.org;Aix'
    const columns = { email: 'e-mail ADDRESS', first_name: 'Wer', city: 'Ville' }
    const entries = await entriesOf(text, { fields: ['city'], columns })
    expect(entries).toMatchObject([
      { notice: 'column "Adresse" is ignored: another one holds the email already' },
      { row: { email: 'z@example.org', name: 'Zoé', attributes: { city: 'Aix' } } },
    ])
    await expect(entriesOf(text, { columns: { email: 'Adress' } })).rejects.toThrow(
      '--column email="Adress": people.csv has no such column; did you mean "Adresse"',
    )
    expect(() => source(text, { columns: { shoe: 'Wer' } })).toThrow(
      '--column shoe: a column can hold one of email, name, ',
    )
  })

  it('tells bars, and the names of lists that have spaces', async () => {
    const rows = await rowsOf('email|lists\nz@a.org|Our news;Shop\nz@a.org|Our news\nz@a.org|a b')
    expect(rows).toMatchObject([
      { lists: ['Our news', 'Shop'] },
      { lists: ['Our news'] },
      { lists: ['a', 'b'] },
    ])
  })

  it('tells the encoding of a file, and says so where it is a guess', async () => {
    const text = 'email;name\nz@example.org;Zoé'
    const told = (bytes: Buffer) => Array.fromAsync(csv(fileWith(bytes)))
    const row = { row: { name: 'Zoé' } }
    expect(await told(Buffer.from(text, 'latin1'))).toMatchObject([
      { notice: expect.stringContaining('read as windows-1252') },
      row,
    ])
    expect(await told(Buffer.from(text, 'utf16le'))).toMatchObject([row])
    expect(await told(Buffer.from(`\ufeff${text}`, 'utf16le'))).toMatchObject([row])
    expect(await told(Buffer.from(`\ufeff${text}`))).toMatchObject([row])
  })

  it('reads a plain list of addresses without a header', async () => {
    expect(await rowsOf('zoe@example.org\nbob@example.org\n')).toMatchObject([
      { email: 'zoe@example.org' },
      { email: 'bob@example.org' },
    ])
  })

  it.each([
    ['', 'active'],
    ['Actif', 'active'],
    ['subscribed', 'active'],
    ['prop', 'pending'],
    ['Désinscrit', 'unsubscribed'],
    ['opt-out', 'unsubscribed'],
  ])('reads the status %j as %s', async (word, status) => {
    expect(await rowsOf(`email;statut\nz@example.org;${word}`)).toMatchObject([{ status }])
  })

  it('reads when it was confirmed, in UTC unless the zone is named', async () => {
    const rows = await rowsOf(
      'email;confirmed\na@b.org;2026-01-31\na@b.org;2026-01-31 18:30\na@b.org;2026-01-31T18:30:00+02:00\na@b.org;',
    )
    expect(rows.map((row) => row.confirmedAt)).toEqual([
      Date.UTC(2026, 0, 31),
      Date.UTC(2026, 0, 31, 18, 30),
      Date.UTC(2026, 0, 31, 16, 30),
      undefined,
    ])
  })

  it('reads dates as people and spreadsheets write them', () => {
    const read = dateReader({ timeZone: 'Europe/Paris' })
    const utc = (text: string) => {
      const at = read(text)
      return typeof at === 'number' ? new Date(at).toISOString().slice(0, 16) : at
    }
    expect(utc('31/01/2026')).toBe('2026-01-30T23:00')
    expect(utc('01/31/2026 2:05 PM')).toBe('2026-01-31T13:05')
    expect(utc('1.2.2026, 12:30:15')).toBe('2026-02-01T11:30')
    expect(utc('2026/2/1')).toBe('2026-01-31T23:00')
    expect(utc('46053.5')).toBe('2026-01-31T11:00')
    expect(utc('2026-07-01 18:30')).toBe('2026-07-01T16:30')
    expect(utc('03/04/2026')).toContain('say which way the file writes dates, --dates day-first')
    expect(utc('31/02/2026')).toContain('"31/02/2026" is not a date; write it like 2026-12-31')
    expect(utc('soon')).toContain('is not a date')
    expect(dateReader({ dates: 'day-first' })('03/04/2026')).toBe(Date.UTC(2026, 3, 3))
    expect(dateReader({ dates: 'month-first' })('03/04/2026')).toBe(Date.UTC(2026, 2, 4))
  })

  it('reads addresses and texts as programs copy them', async () => {
    const text = 'email;city\nZoé M <z@example.org>;="013"\nmailto:b@example.org;x'
    expect(await rowsOf(text, { fields: ['city'] })).toMatchObject([
      { email: 'z@example.org', name: 'Zoé M', attributes: { city: '013' } },
      { email: 'b@example.org' },
    ])
  })

  it('takes missing fields at the end of a line as empty', async () => {
    expect(await rowsOf('email;name;lang\nz@example.org')).toMatchObject([
      { email: 'z@example.org', name: '', lang: '' },
    ])
  })

  it('names the line and the cause of each fault, and goes on', async () => {
    const entries = await entriesOf(
      [
        'email;name;status;confirmed_at',
        'a@example.org;"A',
        'b@example.org;B;maybe',
        'c@example.org;C;active;31/02/2026',
        'd@example.org;D;;;e',
        'f@example.org;F',
      ].join('\n'),
    )
    expect(entries).toMatchObject([
      { fault: { line: 2, cause: expect.stringContaining('a quote is not closed') } },
      { fault: { line: 3, cause: 'status "maybe" is none of active, pending, unsubscribed' } },
      { fault: { line: 4, cause: expect.stringContaining('"31/02/2026" is not a date') } },
      { fault: { line: 5, cause: expect.stringContaining('5 fields where the header has 4') } },
      { row: { email: 'f@example.org' }, line: 6 },
    ])
  })

  it.each([
    ['name;city\nZoé;Aix', 'people.csv:1: no column is called email (found: name, city)'],
    ['zoe@example.org;Zoé', 'people.csv:1: the first line holds an address; put a header above it'],
    ['"email;name', 'people.csv:1: the header cannot be read: a quote is not closed'],
    ['', 'people.csv: the file is empty'],
    ['\n\n', 'people.csv: the file is empty'],
  ])('refuses a file that holds %j, and says why', async (text, message) => {
    await expect(entriesOf(text)).rejects.toThrow(message)
  })

  it('refuses bytes that are not UTF-8, unless their encoding is named', async () => {
    const latin = Buffer.from('email;name\nz@example.org;Zoé', 'latin1')
    await expect(Array.fromAsync(source(latin))).rejects.toThrow(
      'people.csv:2: this is not UTF-8; save the file as "CSV UTF-8"',
    )
    expect(await Array.fromAsync(source(latin, { encoding: 'windows-1252' }))).toMatchObject([
      { row: { name: 'Zoé' } },
    ])
  })

  it.each([
    ['PK\x03\x04', 'people.csv: it is an Excel workbook; save the sheet as "CSV UTF-8"; or'],
    ['SQLite format 3\0', 'people.csv: it is a database; say of which system: --source spip'],
    ['-- MariaDB dump', 'people.csv: it is the dump of a database; say of which system: --source'],
  ])('says of a file that begins with %j what it is', async (text, message) => {
    await expect(entriesOf(text)).rejects.toThrow(message)
  })

  it('reads a file of that path, as often as asked', async () => {
    const path = fileWith('\ufeffemail\nz@example.org\n')
    const file = csv(path)
    expect(file).toMatchObject({ name: 'people.csv', rereadable: true })
    expect(await Array.fromAsync(file)).toEqual(await Array.fromAsync(file))
    await expect(Array.fromAsync(csv(join(path, '../gone.csv')))).rejects.toThrow(
      /gone\.csv: cannot be read \(ENOENT.*\); check the name and the folder/,
    )
  })
})

function source(content: string | Buffer, options: CsvOptions = {}) {
  const bytes = (async function* () {
    await Promise.resolve()
    if (content.length > 0) yield Buffer.from(content)
  })()
  return csv(bytes, { name: 'people.csv', ...options })
}

function fileWith(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-csv-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'people.csv')
  writeFileSync(path, content)
  return path
}

async function entriesOf(text: string, options?: CsvOptions): Promise<ImportEntry[]> {
  return Array.fromAsync(source(text, options))
}

async function rowsOf(text: string, options?: CsvOptions) {
  const entries = await entriesOf(text, options)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}
