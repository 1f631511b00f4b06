import { describe, expect, it } from 'vitest'
import { asScheme, knowsDark } from '../../integrations/mailshot/preview/scheme.ts'

const style = (css: string) => `<style>${css}</style>`
const holds = '(min-width: 0px)'
const fails = '(min-width: 99999px)'

describe('asScheme', () => {
  it('answers the media queries of a style sheet, whatever the browser prefers', () => {
    const css = '@media (prefers-color-scheme: dark) { a { color: #fff } }'
    expect(asScheme(style(css), 'dark')).toBe(style(`@media ${holds} { a { color: #fff } }`))
    expect(asScheme(style(css), 'light')).toBe(style(`@media ${fails} { a { color: #fff } }`))
  })

  it('answers a query for light, for either, and for none', () => {
    const css = '@media (prefers-color-scheme:light){} @media (prefers-color-scheme){}'
    expect(asScheme(style(css), 'light')).toBe(style(`@media ${holds}{} @media ${holds}{}`))
    expect(asScheme(style(css), 'dark')).toBe(style(`@media ${fails}{} @media ${holds}{}`))
    const none = '@media (prefers-color-scheme: no-preference){}'
    expect(asScheme(style(none), 'dark')).toBe(style(`@media ${fails}{}`))
  })

  it('reads capitals, spaces, comments, and queries within others', () => {
    const css =
      '@MEDIA screen and ( PREFERS-color-scheme /* so */ :\n DARK ), not (prefers-color-scheme:dark) {}'
    expect(asScheme(style(css), 'dark')).toBe(style(`@MEDIA screen and ${holds}, not ${holds} {}`))
  })

  it('takes the scheme from several that a mail says it knows', () => {
    const css = ':root { color-scheme: light dark; supported-color-schemes: light dark }'
    expect(asScheme(style(css), 'dark')).toBe(
      style(':root { color-scheme: dark; supported-color-schemes: light dark }'),
    )
    expect(asScheme(style('p{color-scheme:dark light!important}'), 'light')).toBe(
      style('p{color-scheme:light!important}'),
    )
  })

  it('leaves a mail light that says it knows light only', () => {
    const css = ':root { color-scheme: only light }'
    expect(asScheme(style(css), 'dark')).toBe(style(css))
  })

  it('reads attributes: media, style, and the meta element', () => {
    const html =
      '<html style="color-scheme: light dark"><meta name="color-scheme" content="light dark">' +
      '<source media="(prefers-color-scheme: dark)"><meta name="viewport" content="dark">'
    expect(asScheme(html, 'dark')).toBe(
      '<html style="color-scheme: dark"><meta name="color-scheme" content="dark">' +
        `<source media="${holds}"><meta name="viewport" content="dark">`,
    )
  })

  it('touches nothing that a reader reads', () => {
    const html =
      '<p title="color-scheme: light dark">(prefers-color-scheme: dark) { color-scheme: light dark }</p>'
    expect(asScheme(html, 'dark')).toBe(html)
  })

  it('reads on behind markup that never ends', () => {
    const html = `<a href="x ${style('@media (prefers-color-scheme: dark) {}')}<style>@media (prefers-color-scheme: dark) {}`
    expect(asScheme(html, 'dark')).toContain(`@media ${holds} {}`)
  })
})

describe('knowsDark', () => {
  it('tells a mail with colours for dark from one without', () => {
    expect(knowsDark(style('@media (prefers-color-scheme: dark) {}'))).toBe(true)
    expect(knowsDark('<meta name="color-scheme" content="light dark">')).toBe(true)
    expect(knowsDark(style('a { color: red }'))).toBe(false)
  })
})
