import { describe, expect, test } from 'vitest'
import { addressPlaces } from '../../integrations/mailshot/compile/address-places.ts'

/** The places of the outputs of an address, written as in a campaign; `<…>` is a text known when compiling. */
function placesOf(address: string): string[] {
  const pieces = address.split(/(\{\{.*?\}\}|\{%.*?%\}|<.*?>)/).map((piece) => {
    const kind = ({ '{{': 'output', '{%': 'tag' } as const)[piece.slice(0, 2)]
    if (kind) return { kind, source: piece.slice(2, -2).trim() }
    return piece.startsWith('<') ? ({ kind: 'text', source: piece.slice(1, -1) } as const) : piece
  })
  const places = addressPlaces(pieces)
  const placeholders = pieces.filter((piece) => typeof piece === 'object')
  return places.filter((_place, index) => placeholders[index]?.kind === 'output')
}

describe('addressPlaces', () => {
  test('tells a whole address from a part behind its site', () => {
    expect(placesOf('{{ x }}')).toEqual(['start'])
    for (const before of [
      'https://a.org/',
      'HTTP://a.org?q=',
      'https://a.org#',
      'mailto:a@b.org?subject=',
      'tel:',
      '<https://a.org>/b',
      '<https://a.org/>',
      '#',
    ]) {
      expect(placesOf(`${before}{{ x }}`)).toEqual(['rest'])
    }
    expect(placesOf('{{ x }}?a={{ y }}/{{ z }}')).toEqual(['start', 'rest', 'rest'])
  })

  test('finds a value that would choose the site or the scheme', () => {
    for (const before of [
      'https://',
      'https:///',
      'https://a.org',
      'https://a.org:80',
      'https://a@',
      'https:',
      '//a.org',
      'java',
      'javascript:',
      'page/',
      '\\',
      '<https://a.org>',
      'https://a.org</b>',
    ]) {
      expect(placesOf(`${before}{{ x }}`)).toEqual(['host'])
    }
    expect(placesOf('{{ x }}{{ y }}')).toEqual(['start', 'host'])
  })

  test('reckons each branch of a condition by itself', () => {
    const branches = (first: string, second: string) =>
      placesOf(`{% if a %}${first}{% else %}${second}{% endif %}{{ z }}`)
    expect(branches('{{ x }}?', '{{ y }}#')).toEqual(['start', 'start', 'rest'])
    expect(branches('https://a.org/{{ x }}', '{{ y }}/')).toEqual(['rest', 'start', 'rest'])
    expect(branches('https://a.org/', '')).toEqual(['mixed'])
    expect(branches('https://a.org/', 'https://b.org')).toEqual(['mixed'])
    expect(placesOf('{% unless a %}https://a.org/{% endunless %}{{ x }}')).toEqual(['mixed'])
    expect(
      placesOf('{% case a %}{% when 1 %}{{ x }}{% when 2 %}{{ y }}{% else %}{{ z }}{% endcase %}'),
    ).toEqual(['start', 'start', 'start'])
    expect(placesOf('https://a.org/{% if a %}b{% endif %}{{ x }}')).toEqual(['rest'])
    expect(placesOf('{% assign a = 1 %}{{ x }}')).toEqual(['start'])
  })

  test('thinks of a loop’s second round', () => {
    expect(placesOf('{% for a in b %}{{ x }}{% endfor %}')).toEqual(['mixed'])
    expect(placesOf('https://a.org/?{% for a in b %}a={{ x }}&amp;{% endfor %}')).toEqual(['rest'])
  })
})
