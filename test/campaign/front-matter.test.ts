import { describe, expect, test } from 'vitest'
import { markdown, problemsOf, readOnly } from '../campaign-folder.ts'

const read = async (...head: string[]) =>
  (await readOnly({ 'a.md': markdown('x', ...head) })).campaign

describe('readFrontMatter', () => {
  test('lets a comment follow an address or a time', async () => {
    expect((await read('send: on-merge            # or manual')).send).toBe('on-merge')
    expect((await read('send: 2026-12-01 09:00 # demain')).send).toEqual({
      at: Date.UTC(2026, 11, 1, 8),
    })
    expect((await read('send: "manual" # plus tard')).send).toBe('manual')
    const { from, replyTo } = await read('from: Les #1 <a@b.org>  # nous', 'replyTo: c@d.org # eux')
    expect([from, replyTo]).toEqual([
      { name: 'Les #1', address: 'a@b.org' },
      { name: '', address: 'c@d.org' },
    ])
  })

  test('keeps the rest of a line where words are meant', async () => {
    const { variants } = await read('subject: Lettre # 3', 'preheader: Le # 1')
    expect(variants['fr']?.subject.text).toBe('Lettre # 3')
    expect(variants['fr']?.preheader.text).toBe('Le # 1')
  })
})

describe('inspectCampaign', () => {
  test('asks for a list where the list of lists is empty', async () => {
    expect(await problemsOf({ 'a.md': markdown('x', 'lists: []') })).toEqual(['a.md:3: no lists'])
    expect(
      await problemsOf({
        'a/fr.md': markdown('x', 'lists: []'),
        'a/en.md': markdown('x', 'lists: []'),
      }),
    ).toEqual(['a/en.md:3: no lists'])
  })
})
