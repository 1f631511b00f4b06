import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, readLines } from '../../../integrations/mailshot/sources/csv/text.ts'

describe('decode', () => {
  it('decodes a text cut anywhere, also within a character', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 5 }),
        async (text, size) => {
          fc.pre(!text.startsWith('\ufeff'))
          expect(await textOf(Buffer.from(text), { size })).toBe(text)
        },
      ),
    )
  })

  it('leaves out the byte order mark', async () => {
    expect(await textOf(Buffer.from('\ufeffé'))).toBe('é')
    expect(await textOf(Buffer.from('\ufeffé', 'utf16le'))).toBe('é')
    expect(await textOf(Buffer.from('\ufeffé', 'utf16le').swap16())).toBe('é')
  })

  it('decodes the encoding that is named', async () => {
    const bytes = Buffer.from([0x5a, 0x6f, 0xe9, 0x80])
    expect(await textOf(bytes, { encoding: 'windows-1252' })).toBe('Zoé€')
    await expect(textOf(bytes, { encoding: 'latin' })).rejects.toThrow(
      '"latin" is not an encoding; write it like utf-8 or windows-1252',
    )
  })

  it.each([1, 2, 3, 64])(
    'names the line of the first wrong byte, read %i at a time',
    async (size) => {
      const bytes = Buffer.concat([
        Buffer.from('é\n"é\né"\nZo'),
        Buffer.from([0xe9, 0x0a]),
        Buffer.from('é'),
      ])
      await expect(textOf(bytes, { size })).rejects.toThrow(
        'people.csv:4: this is not UTF-8; save the file as "CSV UTF-8", or name its encoding: --encoding windows-1252',
      )
    },
  )

  it('refuses a character that the file ends within', async () => {
    await expect(textOf(Buffer.from('a\né').subarray(0, -1))).rejects.toThrow('people.csv:2: ')
  })
})

describe('readLines', () => {
  it('ends lines as Unix, Windows and old Macs do, cut anywhere', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '\n', '\r\n', '\r', ''))
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 4 }), async (whole, size) => {
        const lines = (await Array.fromAsync(readLines(cut(whole, size)))).flat()
        const expected = whole.split(/\r\n|\n|\r/)
        expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected)
      }),
    )
  })
})

async function textOf(
  bytes: Buffer,
  options: { size?: number; encoding?: string } = {},
): Promise<string> {
  const { size = 64, ...rest } = options
  const texts = await Array.fromAsync(decode(cut(bytes, size), { name: 'people.csv', ...rest }))
  return texts.join('')
}

async function* cut<Part>(
  whole: { length: number; slice(from: number, to: number): Part },
  size: number,
) {
  await Promise.resolve()
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size)
}
