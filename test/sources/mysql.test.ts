import { describe, expect, it } from 'vitest'
import { mysqlServer } from '../../integrations/mailshot/sources/mysql.ts'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { phplist } from '../../integrations/mailshot/sources/phplist.ts'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import type { TableSource } from '../../integrations/mailshot/sources/tables.ts'
import { allOf, phplistSite, spipSite } from './old-sites.ts'
import { bytesOf, dumpOf } from './table-rows.ts'
import { dumpOfServer, startMariadb, whyNoMariadb, whyNoMariadbDump } from './mariadb.ts'

const why = whyNoMariadb()
const whyNoDump = why === undefined ? whyNoMariadbDump() : undefined
if (whyNoDump) console.warn(`skipped: what mariadb-dump writes is not read: ${whyNoDump}`)

describe(`mysqlServer, with a real server${why ? ` (skipped: ${why})` : ''}`, () => {
  it.skipIf(why)(
    'gives the rows of the tables that are wanted, and a site as its dump does',
    async () => {
      const [site, installation] = [dumpOf(spipSite), dumpOf(phplistSite)]
      const server = await startMariadb(`
      SET NAMES utf8mb4; CREATE DATABASE old CHARACTER SET utf8mb4; USE old; ${site}
      CREATE TABLE people (id bigint, email varchar(255), at datetime, html longblob, big bigint unsigned);
      INSERT INTO people VALUES (1, 'zoé@example.org', '2026-01-31 10:00:00', X'E974E9', 18446744073709551615),
        (2, NULL, NULL, NULL, 3);
      INSERT INTO people SELECT seq, 'x', NULL, NULL, 0 FROM seq_3_to_1200;
      CREATE TABLE other (id int); CREATE VIEW people_view AS SELECT * FROM people;
      CREATE DATABASE list CHARACTER SET utf8mb4; USE list; ${installation}`)
      const source = mysqlServer(`${server}/old`)
      const entries = await Array.fromAsync(source.read((table) => table.startsWith('people')))
      const rows = entries.flatMap((entry) => ('rows' in entry ? entry.rows : []))
      expect(entries[0]).toMatchObject({
        table: 'people',
        columns: ['id', 'email', 'at', 'html', 'big'],
      })
      expect(rows.slice(0, 2)).toEqual([
        {
          values: [1, 'zoé@example.org', '2026-01-31 10:00:00', 'été', '18446744073709551615'],
          line: 1,
        },
        { values: [2, null, null, null, 3], line: 2 },
      ])
      expect(rows).toHaveLength(1200)
      const { name } = source
      const dump = mysqlDump(bytesOf(site), { name })
      expect(await allOf(spip(source))).toEqual(await allOf(spip(dump)))
      const lists = mysqlServer(`${server}/list`)
      const listsDump = mysqlDump(bytesOf(installation), { name: lists.name })
      expect(await allOf(phplist(lists))).toEqual(await allOf(phplist(listsDump)))
      const everyOption = '--compact --hex-blob --complete-insert --skip-extended-insert'
      for (const dumpOptions of whyNoDump ? [] : [[], everyOption.split(' ')]) {
        const made = (database: string) => {
          const bytes = bytesOf(dumpOfServer(server, database, dumpOptions))
          return mysqlDump(bytes, { name: `127.0.0.1/${database}` })
        }
        expect(await tablesOf(made('old'))).toEqual(await tablesOf(source))
        expect(await allOf(spip(made('old')))).toEqual(await allOf(spip(source)))
        expect(await allOf(phplist(made('list')))).toEqual(await allOf(phplist(lists)))
      }
      await expect(Array.fromAsync(mysqlServer(`${server}/none`).read(() => true))).rejects.toThrow(
        /^127\.0\.0\.1\/none: the server could not be read \(Unknown database 'none'\)/,
      )
    },
    30_000,
  )
})

describe('mysqlServer', () => {
  it('tells its password to nobody', async () => {
    const source = mysqlServer('mysql://me:secret@127.0.0.1:1/old')
    expect(source.name).toBe('127.0.0.1/old')
    const read = Array.fromAsync(source.read(() => true))
    await expect(read).rejects.toThrow('127.0.0.1/old: the server could not be read (')
    await expect(read).rejects.not.toThrow('secret')
  })

  it('says how an address is written', () => {
    expect(() => mysqlServer('mysql://me@host')).toThrow(
      'the address of a MySQL server is written like mysql://user@host:3306/database',
    )
  })
})

/** The rows of each table by their columns, without the lines, which only a file has. */
async function tablesOf(source: TableSource) {
  const tables: Record<string, unknown[]> = {}
  for await (const entry of source.read(() => true)) {
    if ('cause' in entry) throw new Error(entry.cause)
    const { table, columns, rows } = entry
    const named = rows.map(({ values }) => columns.map((name, n) => [name, values[n]]))
    tables[table] = [...(tables[table] ?? []), ...named]
  }
  return tables
}
