import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TableRow } from '../../integrations/mailshot/sources/tables.ts'
import { pgDump } from '../../integrations/mailshot/sources/pg-dump.ts'

describe('pgDump', () => {
  it('reads the rows of COPY, whatever the schema, and passes over the rest', async () => {
    const rows = await rowsOf(
      "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8';\nCREATE TABLE public.people (\n    id integer\n);\n" +
        'COPY public.other (id) FROM stdin;\n1\n\\.\nCOPY "my"."people" (id, "e Mail") FROM stdin;\n1\tzoé\n2\t\\N\n\\.\n\nSELECT 1;\n' +
        'COPY people (id) FROM stdin;\n\\.\n',
    )
    expect(rows).toEqual([
      { id: '1', 'e Mail': 'zoé' },
      { id: '2', 'e Mail': null },
    ])
  })

  it('reads any text back, wherever the file is cut', async () => {
    const marks = ['\\', '\t', '\n', '\r', '\b', '\v', 'é', '😀', '\\.', 'N', '0', "'"]
    const text = fc.array(fc.constantFrom(...marks)).map((all) => all.join(''))
    const row = fc.tuple(fc.option(text), text)
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const lines = rows.map((one) => one.map(written).join('\t'))
          const dump = `COPY public.people (a, b) FROM stdin;\n${lines.join('\n')}\n\\.\n`
          const read = await rowsOf(dump, size)
          expect(read.map((one) => Object.values(one))).toEqual(rows)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('reads the rows of INSERT too, one or many in each, with their columns or without', async () => {
    const people =
      'CREATE TABLE public.people (\n    id integer DEFAULT nextval(\'x\'::regclass) NOT NULL,\n    "e Mail" text,\n    CONSTRAINT c CHECK ((id > 0))\n);\n'
    const other =
      "INSERT INTO public.other VALUES (1, '\nINSERT INTO public.people VALUES (9);\n');\n"
    const body = 'CREATE FUNCTION f() AS $$\nINSERT INTO people VALUES (8);\n$$;\n'
    const rows =
      "INSERT INTO public.people VALUES (1, 'zoé; O''Hara\\');\n" +
      "INSERT INTO public.people (\"e Mail\", id) VALUES\n\t(NULL, 2),\n\t('a\n''b''), (', -3.5);\n" +
      'INSERT INTO public.people VALUES (true, 4, 5);\nINSERT INTO public.people VALUES (6, );\n'
    const entries = await entriesOf(people + other + body + rows, 7)
    expect(entries).toEqual([
      peopleOf([{ line: 12, values: ['1', "zoé; O'Hara\\"] }]),
      peopleOf(
        [
          { line: 14, values: [null, '2'] },
          { line: 15, values: ["a\n'b'), (", '-3.5'] },
        ],
        ['e Mail', 'id'],
      ),
      { table: 'people', line: 17, cause: 'a row of people has 3 values for 2 columns' },
      { table: 'people', line: 18, cause: 'a row of people is no list of values' },
    ])
  })

  it('unpacks gzip, and tells a row of the wrong length with its line', async () => {
    const dump = gzipSync('COPY people (a, b) FROM stdin;\n1\n2\t3\n\\.\n')
    expect(await entriesOf(dump)).toMatchObject([
      { line: 2, cause: 'a row of people has 1 values for 2 columns' },
      { rows: [{ line: 3, values: ['2', '3'] }] },
    ])
  })

  it('says of a dump that it cannot read how to make one', async () => {
    await expect(rowsOf('PGDMP\x01')).rejects.toThrow('make one with: pg_dump --format=plain')
    await expect(rowsOf('\nINSERT INTO public.people VALUES (1);')).rejects.toThrow(
      'old.sql:2: nothing says what the columns of people are called; make the dump with its structure',
    )
    await expect(rowsOf("INSERT INTO people (a) VALUES ('1\n;")).rejects.toThrow(
      'the dump is not whole',
    )
    await expect(rowsOf('COPY people (a) FROM stdin;\n1\n')).rejects.toThrow(
      'old.sql:2: the file ends in the middle of the rows of people: the dump is not whole',
    )
  })
})

function peopleOf(rows: TableRow[], columns = ['id', 'e Mail']) {
  return { table: 'people', columns, rows }
}

function written(value: string | null): string {
  if (value === null) return '\\N'
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '\t': '\\t',
    '\n': '\\n',
    '\r': '\\r',
    '\b': '\\b',
    '\v': '\\v',
  }
  return Array.from(value, (char) => escapes[char] ?? char).join('')
}

async function entriesOf(dump: string | Uint8Array, size = 1 << 20) {
  const bytes = Buffer.from(dump)
  const pieces = (async function* () {
    await Promise.resolve()
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  })()
  const source = pgDump(pieces, { name: 'old.sql' })
  return Array.fromAsync(source.read((table) => table === 'people'))
}

async function rowsOf(dump: string, size?: number) {
  const entries = await entriesOf(dump, size)
  return entries.flatMap((entry) => {
    if ('cause' in entry) throw new Error(entry.cause)
    return entry.rows.map(({ values }) =>
      Object.fromEntries(entry.columns.map((column, at) => [column, values[at]])),
    )
  })
}
