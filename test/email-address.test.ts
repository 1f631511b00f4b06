import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  domainOf,
  parseEmailAddress,
  parseMailbox,
} from '../integrations/mailshot/email-address.ts'

describe('parseEmailAddress', () => {
  it('keeps the form that was written and makes one identity of it', () => {
    expect(parseEmailAddress(' Jean.Dupont+News@Example.ORG ')).toEqual({
      identity: 'jean.dupont+news@example.org',
      written: 'Jean.Dupont+News@example.org',
    })
  })

  it('writes an international domain in ASCII', () => {
    expect(parseEmailAddress('zoé@example.org')).toBeUndefined()
    expect(parseEmailAddress('ZOE@Élysée.fr')?.identity).toBe('zoe@xn--lyse-9oad.fr')
    expect(parseEmailAddress('zoe@xn--lyse-9oad.fr')?.identity).toBe('zoe@xn--lyse-9oad.fr')
  })

  it('drops what copying leaves unseen in a text', () => {
    expect(parseEmailAddress('\ufeffzoe@exam\u00adple.org\u200b\u00a0')?.written).toBe(
      'zoe@example.org',
    )
  })

  it.each([
    '',
    '@',
    'zoe',
    'zoe@',
    '@example.org',
    'zoe@localhost',
    'zoe@example',
    'zoe@example..org',
    'zoe@.example.org',
    'zoe@example.org.',
    'zoe@-example.org',
    'zoe@192.0.2.1',
    'zoe@[192.0.2.1]',
    'zoe@example.org:25',
    'zoe@example.org/a',
    'zoe@example.org?a',
    'zoe@example.org#a',
    'zoe@ex%61mple.org',
    'zoe@exa mple.org',
    'zoe@exa\tmple.org',
    'zoe @example.org',
    '.zoe@example.org',
    'zo..e@example.org',
    '"zoe"@example.org',
    'zoe@example.org, ada@example.org',
    'Zoe <zoe@example.org>',
    'zoe@example.org\nBcc: ada@example.org',
  ])('refuses %j', (text) => {
    expect(parseEmailAddress(text)).toBeUndefined()
  })

  it('holds the lengths that servers must take, and no more', () => {
    const label = 'd'.repeat(63)
    const domain = `${label}.${label}.${'e'.repeat(57)}.org`
    expect(parseEmailAddress(`${'l'.repeat(64)}@${domain}`)?.written).toHaveLength(254)
    expect(
      parseEmailAddress(`${'l'.repeat(64)}@${label}.${label}.${'e'.repeat(58)}.org`),
    ).toBeUndefined()
    expect(parseEmailAddress(`${'l'.repeat(65)}@example.org`)).toBeUndefined()
    expect(parseEmailAddress(`zoe@${label}d.org`)).toBeUndefined()
  })

  it('gives the same identity for what it has written, whatever the text was', () => {
    const text = fc.oneof(
      fc.emailAddress(),
      fc.tuple(fc.string(), fc.domain()).map(([local, domain]) => `${local}@${domain}`),
      fc.tuple(fc.string(), fc.string({ unit: 'grapheme' })).map((parts) => parts.join('@')),
    )
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseEmailAddress(input)
        if (!parsed) return
        expect(parseEmailAddress(parsed.written)).toEqual(parsed)
        expect(parseEmailAddress(parsed.identity)?.identity).toBe(parsed.identity)
        expect(parseEmailAddress(input.toUpperCase())?.identity).toBe(parsed.identity)
      }),
      { numRuns: 500 },
    )
  })

  it('never lets a character through that could end a header or an SMTP command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        const parsed = parseEmailAddress(`a${before}@${after}example.org`)
        expect(parsed?.written ?? '').not.toMatch(/[^\x21-\x7e]|[<>()[\]:;,"\\]/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('parseMailbox', () => {
  it('reads a name with an address, quoted or not, or an address alone', () => {
    const mailbox = { name: 'Rédaction, Paris', address: 'Redac@example.org' }
    expect(parseMailbox('"Rédaction, Paris" <Redac@Example.org>')).toEqual(mailbox)
    expect(parseMailbox('Rédaction, Paris <Redac@Example.org>')).toEqual(mailbox)
    expect(parseMailbox('Redac@example.org')).toEqual({ name: '', address: 'Redac@example.org' })
    expect(parseMailbox('<Redac@example.org>')).toEqual({ name: '', address: 'Redac@example.org' })
  })

  it('refuses a wrong address, and a name that could end the header line', () => {
    expect(parseMailbox('Rédaction <redac>')).toBeUndefined()
    expect(parseMailbox('Rédaction redac@example.org')).toBeUndefined()
    expect(parseMailbox('A\r\nBcc: x <redac@example.org>')).toBeUndefined()
    expect(parseMailbox('"A" B <redac@example.org>')).toBeUndefined()
  })
})

describe('domainOf', () => {
  it('answers what stands behind the last @, in lower case', () => {
    expect(domainOf('zoe@Example.org')).toBe('example.org')
  })
})
