import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'

const structure = `CREATE TABLE \`people\` (
  \`id\` bigint(21) NOT NULL AUTO_INCREMENT,
  \`email\` varchar(255) NOT NULL DEFAULT 'a,b)''\\'',
  \`statut\` enum('a,b','c)') DEFAULT NULL COMMENT 'it''s, (so)',
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`email\` (\`email\`),
  KEY \`statut\` (\`statut\`,\`email\`(10))
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='x;y';
`

describe('mysqlDump', () => {
  it('reads what mysqldump writes: rows by the columns of their CREATE TABLE', async () => {
    const rows = await rowsOf(
      `-- MySQL dump 10.13  Distrib 8.0.36; it's "quoted"\n/*!40101 SET NAMES utf8mb4 */;\n` +
        `DROP TABLE IF EXISTS \`people\`;\n/*!40101 SET @saved_cs_client = @@character_set_client */;\n${structure}` +
        `LOCK TABLES \`people\` WRITE;\n/*!40000 ALTER TABLE \`people\` DISABLE KEYS */;\n` +
        `INSERT INTO \`people\` VALUES (1,'zoé@example.org','a,b'),(2,'bob@example.org',NULL);\nUNLOCK TABLES;\n`,
    )
    expect(rows).toEqual([
      { id: 1, email: 'zoé@example.org', statut: 'a,b' },
      { id: 2, email: 'bob@example.org', statut: null },
    ])
  })

  it('reads what phpMyAdmin writes: lists of columns, a row a line, bytes in hexadecimal', async () => {
    const rows = await rowsOf(
      `${structure}INSERT INTO \`people\` (\`statut\`, \`email\`) VALUES\n('c)', 0x7a6fc3a9),\n# a remark; with 'quotes\n('c)', x'41');`,
    )
    expect(rows).toEqual([
      { statut: 'c)', email: 'zoé' },
      { statut: 'c)', email: 'A' },
    ])
  })

  it('reads names with their database, in double quotes, and REPLACE and INSERT IGNORE', async () => {
    const rows = await rowsOf(
      `CREATE TABLE IF NOT EXISTS "old"."people" ("id" int, "e""m" text);` +
        `INSERT IGNORE INTO \`old\`.\`people\` VALUES (1,_binary 'x');` +
        `REPLACE INTO people (id, \`e"m\`) VALUES ( -2.5e3 , N'y' ) ON DUPLICATE KEY UPDATE id = 'a;b';` +
        `insert into people values (b'101',_utf8mb4'z')`.concat(';'),
    )
    expect(rows).toEqual([
      { id: 1, 'e"m': 'x' },
      { id: '-2.5e3', 'e"m': 'y' },
      { id: 5, 'e"m': 'z' },
    ])
  })

  it('keeps whole numbers that are too large for a number as they are written', async () => {
    expect(await rowsOf(`INSERT INTO people (id) VALUES (18446744073709551615);`)).toEqual([
      { id: '18446744073709551615' },
    ])
  })

  it('reads any text back, however it is escaped and wherever the file is cut', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 })
    const marks = ["'", '\\', '"', '`', ';', '\n', '\0', '\x1a', 'é', '-- ', '#', '/*', ')', ',']
    const awkward = fc.array(fc.constantFrom(...marks)).map((all) => all.join(''))
    const row = fc.tuple(fc.integer(), fc.oneof(text, awkward), fc.option(awkward))
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const values = rows.map((one) => `(${one.map(written).join(',')})`)
          const other = `INSERT INTO other VALUES ${values.join(',')};`
          const dump = `${other}${structure}INSERT INTO people VALUES ${values.join(',\n')};${other}`
          const read = await rowsOf(dump, { pieces: size })
          expect(read.map((one) => Object.values(one))).toEqual(rows)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('goes by SET NAMES, and takes what is no UTF-8 for Windows-1252', async () => {
    const insert = Buffer.from("INSERT INTO people (email) VALUES ('zo\xe9 \x80');", 'latin1')
    const latin = Buffer.concat([Buffer.from('/*!40101 SET NAMES latin1 */;'), insert])
    expect(await rowsOf(latin)).toEqual([{ email: 'zoé €' }])
    expect(await rowsOf(insert)).toEqual([{ email: 'zoé €' }])
    const cyrillic = Buffer.from(
      "SET NAMES 'cp1251'; INSERT INTO people (email) VALUES ('\xc6');",
      'latin1',
    )
    expect(await rowsOf(cyrillic)).toEqual([{ email: 'Ж' }])
    await expect(rowsOf('/*!40101 SET NAMES gbk */;')).rejects.toThrow(
      'old.sql:1: the dump is in "gbk"; make it again with --default-character-set=utf8mb4',
    )
  })

  it('passes over triggers and routines with their own delimiter', async () => {
    const rows = await rowsOf(
      `DELIMITER ;;\n/*!50003 CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW BEGIN SET NEW.a = 'x'; INSERT INTO people VALUES (9); END */;;\n` +
        `DELIMITER ;\nINSERT INTO people (id) VALUES (1);`,
    )
    expect(rows).toEqual([{ id: 1 }])
  })

  it('tells a row that cannot be read with its line, and goes on', async () => {
    const entries = await entriesOf(
      `${structure}INSERT INTO people VALUES (1,'a@example.org',NULL),\n(2,'b@example.org'),\n(3,'c)' 'x',NULL),\n(4,'d@example.org',NULL);`,
    )
    const line = structure.split('\n').length
    expect(entries).toMatchObject([
      { table: 'people', line: line + 1, cause: 'a row of people has 2 values for 3 columns' },
      { table: 'people', line: line + 2, cause: 'a row of people is no list of values' },
      { rows: [{ line, values: [1, 'a@example.org', null] }, { line: line + 3 }] },
    ])
  })

  it('unpacks gzip, and says of other files what they are', async () => {
    const insert = Buffer.from('INSERT INTO people (id) VALUES (1);')
    expect(await rowsOf(gzipSync(insert), { pieces: 7 })).toEqual([{ id: 1 }])
    await expect(rowsOf(gzipSync(insert).subarray(0, 30))).rejects.toThrow(
      /old\.sql: cannot be read \(.*end/,
    )
    await expect(rowsOf(Buffer.from('BZh9'))).rejects.toThrow('packed with bzip2; unpack it first')
    await expect(rowsOf(Buffer.from('\xff\xfeI\0', 'latin1'))).rejects.toThrow('--result-file=FILE')
  })

  it('says where a dump ends that is not whole', async () => {
    await expect(rowsOf("INSERT INTO people (id) VALUES (1),\n(2,'x")).rejects.toThrow(
      'old.sql:2: the file ends in the middle of the rows of people: the dump is not whole; make it again',
    )
    await expect(rowsOf("INSERT INTO other VALUES (1,'x")).rejects.toThrow('the dump is not whole')
  })

  it('says when the columns are not told', async () => {
    await expect(rowsOf('INSERT INTO people VALUES (1);')).rejects.toThrow(
      'old.sql:1: nothing says what the columns of people are called; make the dump with its structure',
    )
  })
})

function written(value: string | number | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  const escapes: Record<string, string> = {
    '\0': '\\0',
    '\n': '\\n',
    '\x1a': '\\Z',
    "'": value.length % 2 ? "''" : "\\'",
    '\\': '\\\\',
  }
  return `'${Array.from(value, (char) => escapes[char] ?? char).join('')}'`
}

async function entriesOf(dump: string | Buffer, { pieces = 1 << 20 } = {}) {
  const bytes = Buffer.from(dump)
  const source = mysqlDump(
    (async function* () {
      await Promise.resolve()
      for (let at = 0; at < bytes.length; at += pieces) yield bytes.subarray(at, at + pieces)
    })(),
    { name: 'old.sql' },
  )
  return Array.fromAsync(source.read((table) => table === 'people'))
}

async function rowsOf(dump: string | Buffer, options?: { pieces: number }) {
  const entries = await entriesOf(dump, options)
  return entries.flatMap((entry) => {
    if ('cause' in entry) throw new Error(entry.cause)
    return entry.rows.map(({ values }) =>
      Object.fromEntries(entry.columns.map((column, at) => [column, values[at]])),
    )
  })
}
