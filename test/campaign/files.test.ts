import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readBytes } from '../../integrations/mailshot/campaign/files.ts'
import { campaignFolder, markdown, problemsOf } from '../campaign-folder.ts'

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

describe('readText', () => {
  test('finds what is not UTF-8 in campaigns, text parts and layouts', async () => {
    expect(await problemsOf({ 'a.md': latin1(markdown('Un\n\nÉté')) })).toEqual([
      'a.md:7: the file is not UTF-8',
    ])
    expect(await problemsOf({ 'a.md': markdown('x'), 'a.txt': latin1('un\nété') })).toEqual([
      'a.txt:2: the file is not UTF-8',
    ])
    const layout = latin1('<mjml>\n<!-- é -->\n</mjml>')
    expect(
      await problemsOf({ 'a.md': markdown('x', 'layout: own'), 'layouts/own.mjml': layout }),
    ).toContain('layouts/own.mjml:2: the file is not UTF-8')
  })

  test('finds a text in UTF-16, and one that was spoilt before', async () => {
    const utf16 = new Uint8Array(Buffer.from(markdown('x'), 'utf16le'))
    expect(await problemsOf({ 'a.md': utf16 })).toContain('a.md:1: the file is not UTF-8')
    expect(await problemsOf({ 'a.md': markdown('\u{FFFD}t\u{FFFD}') })).toEqual([
      'a.md:5: the file is not UTF-8',
    ])
  })
})

describe('readBytes', () => {
  test('takes names that no file can have for those of no file', async () => {
    const long = `${'a'.repeat(300)}.png`
    expect(await problemsOf({ 'a.md': markdown(`![a](a%00b.png)\n![a](${long})`) })).toEqual([
      'a.md:5: the image a%00b.png is missing',
      `a.md:6: the image ${long} is missing`,
    ])
  })

  test('says which file may not be read', async () => {
    const { campaigns } = campaignFolder({ 'b.md': 'x' })
    // The memory of this process from its first byte on is unreadable for anybody, root too.
    if (existsSync('/proc/self/mem')) symlinkSync('/proc/self/mem', join(campaigns, 'a.md'))
    else writeFileSync(join(campaigns, 'a.md'), 'x', { mode: 0 })
    await expect(readBytes(join(campaigns, 'a.md'))).rejects.toThrow(/a\.md cannot be read/)
  })
})

describe('findFiles', () => {
  test('names endings that only look right', async () => {
    expect(
      await problemsOf({
        't33.MD': markdown('x'),
        'x.markdown': markdown('x'),
        'y/fr.md': markdown('x'),
        'y/en.MJML': 'x',
        'README.MD': 'x',
      }),
    ).toEqual([
      't33.MD:1: "t33.MD" is not read',
      'x.markdown:1: "x.markdown" is not read',
      'y/en.MJML:1: "en.MJML" is not read',
    ])
  })
})
