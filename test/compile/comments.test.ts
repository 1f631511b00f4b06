import { describe, expect, test } from 'vitest'
import { brokenMarkup, clearComments } from '../../integrations/mailshot/compile/comments.ts'
import { markdown, mjml, problemsOf } from '../campaign-folder.ts'

const place = { file: 'a.md', line: 1 }
const clear = (source: string) => clearComments(source, place, () => false)
const problemsIn = (source: string) =>
  clear(source).problems.map(({ line, what }) => `${line}: ${what}`)

describe('clearComments', () => {
  test('takes comments out, and leaves the lines', () => {
    expect(clear('a<!-- b\nc -->d{% comment %}e\n{%- endcomment -%}f').text).toBe('a\nd\nf')
    expect(clear('a<!-->b<!--->c<!-- --!>d').text).toBe('abcd')
  })

  test('leaves the parts for Outlook, and takes comments out of them', () => {
    for (const source of [
      '<!--[if mso | IE]><td><![endif]-->',
      '<!--[if !mso]><!--><p><!--<![endif]-->',
      '<!--[if mso]>a<![endif]--><!--[if mso]>b<![endif]-->',
    ]) {
      expect(clear(source)).toEqual({ text: source, problems: [] })
    }
    expect(clear('<!--[if !mso]><!-->a<!-- b --><!--<![endif]-->')).toEqual({
      text: '<!--[if !mso]><!-->a<!--<![endif]-->',
      problems: [],
    })
  })

  test('finds comments that never end', () => {
    expect(problemsIn('a\n<!-- b')).toEqual(['2: the comment <!-- never ends'])
    expect(problemsIn('a\n\n{% comment %}b')).toEqual(['3: {% comment %} never ends'])
    const outlook = 'the part for Outlook never ends'
    expect(problemsIn('<!--[if mso]>a')).toEqual([`1: ${outlook}`])
    expect(problemsIn('<!--[if !mso]><!-->a')).toEqual([`1: ${outlook}`])
    expect(problemsIn('<!--[if mso]>a --> <![endif]-->')).toEqual([`1: ${outlook}`])
    expect(problemsIn('<!--[if mso]>a\n<!--[if mso]>b<![endif]-->')).toEqual([`1: ${outlook}`])
  })

  test('finds them in each kind of source, at its line', async () => {
    expect(await problemsOf({ 'a.md': markdown('Un\n\n<!-- pas fini\n\nDeux') })).toEqual([
      'a.md:7: the comment <!-- never ends',
    ])
    expect(await problemsOf({ 'a.md': markdown('Un <!-- pas fini\n\nDeux') })).toEqual([
      'a.md:5: the comment <!-- never ends',
    ])
    const texts =
      '<mj-section><mj-column>\n<mj-text>Un <!-- pas fini </mj-text><mj-text>Deux</mj-text></mj-column></mj-section>'
    expect(await problemsOf({ 'a.mjml': mjml(texts) })).toContain(
      'a.mjml:7: the comment <!-- never ends',
    )
  })
})

describe('brokenMarkup', () => {
  test('finds tags that never end', () => {
    const found = (html: string) => brokenMarkup(html, () => place).map(({ what }) => what)
    expect(found('a < b <c> d</c>')).toEqual([])
    expect(found('a <b title="c>d')).toEqual(['"<b title="c" is never finished'])
    expect(found('a <b c="d"e"f">g')).toEqual(['"<b c="d"e"f"" is never finished'])
    expect(found('<a href="x"\n\n</div>')).toEqual(['"<a href="x"" is never finished'])
    expect(found('a <?php x ?>')).toEqual(['"<?php x ?" is never finished'])
  })

  test('finds them in each kind of source, at its line', async () => {
    expect(
      await problemsOf({ 'a.md': markdown('Un\n\n<div>\n<a href="https://a.org"\n\n</div>') }),
    ).toContain('a.md:8: "<a href="https://a.org"" is never finished')
    expect(
      await problemsOf({
        'a.mjml': mjml(
          '<mj-section><mj-column>\n<mj-text><b title="x>y</b></mj-text></mj-column></mj-section>',
        ),
      }),
    ).toContain('a.mjml:7: "<b title="x" is never finished')
  })
})
