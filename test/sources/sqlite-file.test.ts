import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import { sqliteFile } from '../../integrations/mailshot/sources/sqlite-file.ts'

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

  it('is what a SPIP site can be read from', async () => {
    const path = newFile(`
      CREATE TABLE spip_mailsubscribers (id_mailsubscriber, email, statut, listes);
      INSERT INTO spip_mailsubscribers VALUES (1, 'zoe@example.org', 'valide', 'newsletter::weekly');`)
    expect(await Array.fromAsync(spip(sqliteFile(path)))).toMatchObject([
      { row: { email: 'zoe@example.org', subscriptions: [{ list: 'weekly', status: 'active' }] } },
    ])
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

function newFile(script: string): string {
  const path = join(newFolder(), 'spip.sqlite')
  const db = new Database(path)
  db.exec(script)
  db.close()
  return path
}
