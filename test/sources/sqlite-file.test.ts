import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { phplist } from '../../integrations/mailshot/sources/phplist.ts'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import { sqliteFile } from '../../integrations/mailshot/sources/sqlite-file.ts'
import { allOf, phplistSite, spipSite } from './old-sites.ts'
import { bytesOf, dumpOf } from './table-rows.ts'

describe('sqliteFile', () => {
  it('gives the rows of the tables that are wanted', async () => {
    const path = newFile(`
      CREATE TABLE people (id INTEGER, email TEXT, html BLOB);
      INSERT INTO people VALUES (1, 'zoé@example.org', X'C3A9'), (2, NULL, NULL);
      CREATE TABLE other (id); INSERT INTO other VALUES (1);`)
    const entries = await Array.fromAsync(sqliteFile(path).read((table) => table === 'people'))
    expect(entries).toEqual([
      {
        table: 'people',
        columns: ['id', 'email', 'html'],
        rows: [
          { values: [1, 'zoé@example.org', 'é'], line: 1 },
          { values: [2, null, null], line: 2 },
        ],
      },
    ])
  })

  it('reads what is no UTF-8 as Windows-1252, and whole numbers however large', async () => {
    const path = newFile(`
      CREATE TABLE people (name TEXT, html BLOB, id INTEGER);
      INSERT INTO people VALUES (CAST(X'5AE9' AS TEXT), X'5AE9', 9007199254740993);`)
    const entries = await Array.fromAsync(sqliteFile(path).read(() => true))
    expect(entries).toMatchObject([{ rows: [{ values: ['Zé', 'Zé', '9007199254740993'] }] }])
  })

  it('gives a site of SPIP or phpList as their dump does', async () => {
    const dump = (tables: typeof spipSite) => mysqlDump(bytesOf(dumpOf(tables)), { name: 'old' })
    const file = (tables: typeof spipSite) => sqliteFile(fileOf(tables), { name: 'old' })
    const site = await allOf(spip(file(spipSite)))
    expect(site).toEqual(await allOf(spip(dump(spipSite))))
    expect(site).toMatchObject({
      people: [{ row: { email: 'Zoé@Example.org', name: 'Zoé "Z" O\'Hara \\' } }, {}],
      suppressions: [{ address: '0a'.repeat(16) }],
      sends: [{ recipients: [{}, {}] }, { counts: { total: 9, sent: 7, failed: 1 } }],
    })
    const installation = await allOf(phplist(file(phplistSite)))
    expect(installation).toEqual(await allOf(phplist(dump(phplistSite))))
    expect(installation).toMatchObject({
      people: [{ row: { attributes: { city: 'Orléans' } } }, { row: { email: 'bob@example.org' } }],
      suppressions: [{ address: 'gone@example.org' }],
      sends: [{ recipients: [{ reports: ['opened'] }, { status: 'failed' }] }],
    })
  })

  it('says when a file is none', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'people.db'), 'x'.repeat(2000))
    const none = /^(?:people|gone)\.db: this is no SQLite file that can be read \(/
    expect(await readAll(join(folder, 'people.db'))).toMatch(none)
    expect(await readAll(join(folder, 'gone.db'))).toMatch(none)
    expect(readdirSync(folder)).toEqual(['people.db'])
  })
})

async function readAll(path: string): Promise<string> {
  try {
    await Array.fromAsync(sqliteFile(path).read(() => true))
    return 'read'
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function fileOf(tables: typeof spipSite): string {
  const path = newFile('')
  const db = new Database(path)
  for (const [table, { columns, rows }] of Object.entries(tables)) {
    db.exec(`CREATE TABLE ${table} (${columns.join(', ')})`)
    const insert = db.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
    for (const row of rows) insert.run(row)
  }
  db.close()
  return path
}

function newFile(script: string): string {
  const path = join(newFolder(), 'spip.sqlite')
  const db = new Database(path)
  db.exec(script)
  db.close()
  return path
}
