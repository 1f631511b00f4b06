import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { markdown, mjml, problemsOf } from '../campaign-folder.ts'

const picture = new Uint8Array(
  await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer(),
)

describe('readImages', () => {
  test('finds files however Markdown and HTML let them be written', async () => {
    const body = [
      '![a](photo(1).png)',
      '![a](photo\\(1\\).png)',
      '![a](<my photo.png>)',
      '![a][r] <img src=real.png alt="">',
      '<IMG SRC="real.png" ALT="">',
      '',
      '[r]: real.png',
    ]
    expect(
      await problemsOf({
        'a.md': markdown(body.join('\n')),
        'photo(1).png': picture,
        'my photo.png': picture,
        'real.png': picture,
      }),
    ).toEqual([])
  })

  test('finds the files of MJML’s defaults', async () => {
    const head =
      '<mj-head><mj-attributes><mj-class name="c" src="real.png" alt="x" /></mj-attributes></mj-head>'
    const body = '<mj-section><mj-column><mj-image mj-class="c" /></mj-column></mj-section>'
    expect(await problemsOf({ 'a.mjml': mjml(body, head), 'real.png': picture })).toEqual([])
    expect(await problemsOf({ 'a.mjml': mjml(body, head) })).toEqual([
      'a.mjml:6: the image real.png is missing',
    ])
    const bare = head.replace('alt="x"', '')
    expect(await problemsOf({ 'a.mjml': mjml(body, bare), 'real.png': picture })).toEqual([
      'a.mjml:6: the image real.png has no alt text',
    ])
  })

  test('finds the files of an accordion', async () => {
    const icons = 'icon-wrapped-url="real.png" icon-unwrapped-url="real.png"'
    const body = `<mj-section><mj-column><mj-accordion ${icons}><mj-accordion-element><mj-accordion-title>x</mj-accordion-title></mj-accordion-element></mj-accordion></mj-column></mj-section>`
    expect(await problemsOf({ 'a.mjml': mjml(body), 'real.png': picture })).toEqual([])
    expect(await problemsOf({ 'a.mjml': mjml(body) })).toEqual([
      'a.mjml:6: the image real.png is missing',
    ])
  })
})
