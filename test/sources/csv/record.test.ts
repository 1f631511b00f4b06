import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CsvRecord,
  readRecords,
  splitRecord,
} from '../../../integrations/mailshot/sources/csv/record.ts'

describe('readRecords', () => {
  it('tells the delimiter by the first line', async () => {
    expect(await recordsOf('a;b,c;d', 'e;f;g')).toMatchObject([
      { fields: ['a', 'b,c', 'd'] },
      { fields: ['e', 'f', 'g'] },
    ])
    expect(await recordsOf('a\tb')).toMatchObject([{ fields: ['a', 'b'] }])
    expect(await recordsOf('"a;b;c",d')).toMatchObject([{ fields: ['a;b;c', 'd'] }])
    expect(await recordsOf('alone')).toMatchObject([{ fields: ['alone'] }])
  })

  it('takes the delimiter that Excel declares on a line of its own', async () => {
    expect(await recordsOf('sep=;', 'a,b;c')).toMatchObject([{ line: 2, fields: ['a,b', 'c'] }])
  })

  it('leaves empty lines out, and lines of nothing but delimiters', async () => {
    expect(await recordsOf('', 'a;b', ' ', ';;', 'c;d')).toMatchObject([
      { line: 2, fields: ['a', 'b'] },
      { line: 5, fields: ['c', 'd'] },
    ])
  })

  it('gives a record over several lines the number of its first', async () => {
    expect(await recordsOf('a;"b', 'b"";b', 'b"', 'c;d')).toMatchObject([
      { line: 1, fields: ['a', 'b\nb";b\nb'] },
      { line: 4, fields: ['c', 'd'] },
    ])
  })

  it('loses one line to a quote that is not closed, not the following ones', async () => {
    const cause = expect.stringContaining('a quote is not closed')
    expect(await recordsOf('a;b', 'c;"d', 'e;f', '"g";h', 'i;j')).toMatchObject([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, cause },
      { line: 3, fields: ['e', 'f'] },
      { line: 4, fields: ['g', 'h'] },
      { line: 5, fields: ['i', 'j'] },
    ])
    expect(await recordsOf('a;"b', 'c;d')).toMatchObject([
      { line: 1, cause },
      { line: 2, fields: ['c', 'd'] },
    ])
    expect(await recordsOf('a;"b"c', 'd')).toMatchObject([
      { line: 1, cause },
      { line: 2, fields: ['d'] },
    ])
  })

  it('does not look for a closing quote for more than 100 lines', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `${index};x`)
    const records = await recordsOf('a;b', 'c;"d', ...lines)
    expect(records).toHaveLength(302)
    expect(records.filter((record) => 'cause' in record)).toMatchObject([{ line: 2 }])
  })

  it('does not keep a whole file in memory for a quote that is not closed', async () => {
    let read = 0
    const batches = (async function* () {
      await Promise.resolve()
      for (; read < 1000; read++) yield read === 0 ? ['a;"b'] : Array<string>(10).fill('c;d')
    })()
    for await (const record of readRecords(batches)) {
      expect(record).toHaveProperty('cause')
      break
    }
    expect(read).toBeLessThan(12)
  })

  it('reads the same however the lines arrive', async () => {
    const line = fc.stringMatching(/^[ab;" ]{0,6}$/)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { maxLength: 4 }), { maxLength: 5 }),
        async (batches) => {
          const whole = await collect(readRecords(inBatches([['x;y'], batches.flat()])))
          expect(await collect(readRecords(inBatches([['x;y'], ...batches])))).toEqual(whole)
        },
      ),
    )
  })

  it('reads as csv-parse does whatever is well-formed', async () => {
    const field = fc.oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ unit: 'grapheme' }))
    const rows = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const text = table
          .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
          .join('\n')
        const expected = parse(text, { record_delimiter: '\n' })
        const read = await collect(readRecords(inBatches([['a,b,c'], text.split('\n')])))
        const filled = expected.filter((row) => row.some((one) => one.trim() !== ''))
        expect(read.slice(1).map((record) => 'fields' in record && record.fields)).toEqual(filled)
      }),
    )
  })
})

describe('splitRecord', () => {
  it('keeps a quote inside a field that is not quoted, and spaces around one that is', () => {
    expect(splitRecord('O"Brien;5" x', ';')).toMatchObject(['O"Brien', '5" x'])
    expect(splitRecord(' "a;b" ; c ', ';')).toMatchObject(['a;b', ' c '])
  })

  it('gives an empty field for nothing between delimiters', () => {
    expect(splitRecord(';;', ';')).toMatchObject(['', '', ''])
    expect(splitRecord('"";;""', ';')).toMatchObject(['', '', ''])
    expect(splitRecord('"a";', ';')).toMatchObject(['a', ''])
  })

  it('tells an open field from a broken one', () => {
    expect(splitRecord('a;"b', ';')).toBe('open')
    expect(splitRecord('a;"b""', ';')).toBe('open')
    expect(splitRecord('a;"b"c', ';')).toBe('broken')
  })
})

async function recordsOf(...lines: string[]): Promise<CsvRecord[]> {
  return collect(readRecords(inBatches([lines])))
}

async function* inBatches(batches: string[][]): AsyncGenerator<string[]> {
  await Promise.resolve()
  yield* batches
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  return Array.fromAsync(items)
}
