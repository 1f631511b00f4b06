import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AddressPurpose,
  type FormPurpose,
  linkTo,
  secretCheckValue,
  signToken,
  type TokenPurpose,
  verifyToken,
} from '../integrations/mailshot/token.ts'

const secret = 'a secret of at least thirty-two characters'
const older = 'the secret that was used before this one'
const now = Date.UTC(2026, 5, 1)

const every = {
  unsubscribe: true,
  preferences: true,
  invite: true,
  view: true,
  confirm: true,
  open: true,
  click: true,
  stop: true,
  stay: true,
  'change-address': true,
  bounce: true,
  'letter-bounce': true,
  leave: true,
  form: true,
} satisfies Record<Purpose, true>
type Purpose = TokenPurpose | AddressPurpose | FormPurpose
const purposes = fc.constantFrom(...keysOf(every))
const idLists = fc.array(fc.nat(Number.MAX_SAFE_INTEGER), { minLength: 1, maxLength: 3 })
/** Where a link is broken by a line, and what some service makes of it. */
const damages = fc.nat(10_000).chain((place) => {
  const broken = (by: string) => (token: string) => {
    const at = 1 + (place % (token.length - 1))
    return token.slice(0, at) + by + token.slice(at)
  }
  return fc.constantFrom<(token: string) => string>(
    broken('=\r\n'),
    broken('=\n'),
    broken('='),
    broken('\r\n '),
    broken('%0D%0A'),
    broken('%20'),
    (token) => `${token}>`,
    (token) => `${token})`,
    (token) => `${token}.`,
    (token) => `${token},`,
    (token) => `${token}"`,
    (token) => `${token}/`,
    (token) => `${token}=`,
    (token) => `${token}=3D`,
    (token) => `${token}%3E`,
    (token) => `${token}&amp;amp;utm_source=mail`,
    (token) => `${token}?utm_source=mail&utm_medium=email`,
    (token) => `<${token}>`,
    (token) => token.replaceAll('-', '&#45;').replaceAll('_', '&lowbar;'),
    (token) => token.replaceAll('-', '&amp;#x2d;').replaceAll('_', '&amp;#95;'),
    (token) => token.replaceAll('-', '=2D').replaceAll('_', '=5F'),
    (token) => token.replaceAll('-', '%252D').replaceAll('_', '%25255F'),
    percentEncoded,
    (token) => percentEncoded(percentEncoded(token)),
    (token) => encodeURIComponent(`https://example.org/mailshot/confirm/${token}`),
    (token) => `https:/example.org/mailshot/confirm/${token}/`,
    (token) =>
      `?url=${encodeURIComponent(`https://example.org/mailshot/confirm/${token}`)}&data=05%7C02%7Czoe%40example.org&reserved=0`,
  )
})
const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

describe('signToken', () => {
  it('makes a token that gives the ids back', () => {
    fc.assert(
      fc.property(purposes, idLists, (purpose, ids) => {
        const token = signToken([secret], purpose, ids)
        expect(verifyToken([secret], purpose, token, now)).toEqual({ ids })
      }),
    )
  })

  it('stays short, and safe in a URL and before a full stop', () => {
    fc.assert(
      fc.property(purposes, fc.tuple(fc.nat(1e9), fc.nat(1e10)), (purpose, ids) => {
        const token = signToken([secret], purpose, ids, now)
        expect(token).toMatch(/^[\w-]*[A-Za-z]$/)
        expect(token.length).toBeLessThan(64)
      }),
    )
    expect(signToken([secret], 'unsubscribe', [123_456, 7_654_321])).toHaveLength(33)
  })

  it('signs alike every time, so that a mail composed twice is the same', () => {
    expect(signToken([secret], 'view', [7])).toBe(signToken([secret], 'view', [7]))
  })

  it('signs with the HMAC-SHA-256 that Node knows, whatever the length of the secret', () => {
    const secrets = fc.string({ minLength: 1, maxLength: 200, unit: 'binary' })
    fc.assert(
      fc.property(secrets, fc.nat(100), (any, id) => {
        const payload = Buffer.from([0, id])
        const known = createHmac('sha256', any).update('mailshot view\0').update(payload).digest()
        const expected = payload.toString('base64url') + known.toString('base64url', 0, 16)
        expect(signToken([any], 'view', [id])).toBe(expected)
      }),
    )
  })

  it('refuses to sign without a secret', () => {
    expect(() => signToken([], 'view', [7])).toThrow('set MAILSHOT_SECRET')
    expect(() => signToken([''], 'view', [7])).toThrow('set MAILSHOT_SECRET')
  })

  it('refuses what is not an id', () => {
    expect(() => signToken([secret], 'view', [-1])).toThrow(RangeError)
    expect(() => signToken([secret], 'view', [1.5])).toThrow(RangeError)
    expect(() => signToken([secret], 'view', [NaN])).toThrow(RangeError)
  })
})

describe('verifyToken', () => {
  it('refuses a token of another purpose', () => {
    fc.assert(
      fc.property(purposes, purposes, idLists, (purpose, other, ids) => {
        fc.pre(purpose !== other)
        const token = signToken([secret], other, ids)
        expect(verifyToken([secret], purpose, token, now)).toEqual({ refused: 'forged' })
      }),
    )
  })

  it('refuses the signature of one person under the id of another', () => {
    fc.assert(
      fc.property(purposes, fc.nat(1e6), fc.nat(1e6), (purpose, one, other) => {
        fc.pre(one !== other)
        const head = signToken([secret], purpose, [other]).slice(0, -22)
        const mixed = head + signToken([secret], purpose, [one]).slice(-22)
        expect(verifyToken([secret], purpose, mixed, now)).toEqual({ refused: 'forged' })
      }),
    )
  })

  it('refuses a token with any one character changed', () => {
    fc.assert(
      fc.property(
        idLists,
        fc.nat(),
        fc.constantFrom(...alphabet, '.', '='),
        (ids, place, character) => {
          const token = signToken([secret], 'unsubscribe', ids, now + 1000)
          const at = place % token.length
          fc.pre(token[at] !== character)
          const changed = token.slice(0, at) + character + token.slice(at + 1)
          expect(verifyToken([secret], 'unsubscribe', changed, now)).toHaveProperty('refused')
        },
      ),
      { numRuns: 500 },
    )
  })

  it('refuses any other spelling of the last character', () => {
    const token = signToken([secret], 'view', [7])
    const passing = alphabet.filter((last) =>
      Object.hasOwn(verifyToken([secret], 'view', token.slice(0, -1) + last, now), 'ids'),
    )
    expect(passing).toEqual([token.at(-1)])
  })

  it('refuses a token with a character missing', () => {
    fc.assert(
      fc.property(idLists, fc.nat(), (ids, place) => {
        const token = signToken([secret], 'view', ids)
        const at = place % token.length
        const shorter = token.slice(0, at) + token.slice(at + 1)
        expect(verifyToken([secret], 'view', shorter, now)).toHaveProperty('refused')
      }),
    )
  })

  it('answers for any text whatever, without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        expect(verifyToken([secret], 'view', text, now)).toHaveProperty('refused')
      }),
    )
    expect(verifyToken([secret], 'view', '', now)).toEqual({ refused: 'malformed' })
    expect(verifyToken([secret], 'view', 'A'.repeat(100_000), now)).toEqual({
      refused: 'malformed',
    })
  })

  it('takes a token signed with an older secret, and signs with the newest', () => {
    const before = signToken([older], 'view', [7])
    expect(verifyToken([secret, older], 'view', before, now)).toEqual({ ids: [7] })
    expect(signToken([secret, older], 'view', [7])).toBe(signToken([secret], 'view', [7]))
    expect(verifyToken([secret], 'view', before, now)).toEqual({ refused: 'forged' })
  })

  it('takes nothing while no secret is set', () => {
    const token = signToken([secret], 'view', [7])
    expect(verifyToken([], 'view', token, now)).toEqual({ refused: 'forged' })
    const payload = Buffer.from([0, 7])
    const signature = createHmac('sha256', '').update('mailshot view\0').update(payload).digest()
    const guessed = payload.toString('base64url') + signature.toString('base64url', 0, 16)
    expect(verifyToken([''], 'view', guessed, now)).toEqual({ refused: 'forged' })
  })

  it('refuses a token from its expiry on', () => {
    const token = signToken([secret], 'confirm', [7], now + 60_000)
    expect(verifyToken([secret], 'confirm', token, now + 59_999)).toEqual({ ids: [7] })
    expect(verifyToken([secret], 'confirm', token, now + 60_000)).toEqual({
      refused: 'expired',
      signed: [7],
    })
  })

  it('says forged, not expired, of a token that is both', () => {
    const token = signToken([older], 'confirm', [7], now - 1000)
    expect(verifyToken([secret], 'confirm', token, now)).toEqual({ refused: 'forged' })
  })

  it.each([
    ['a full stop behind it', (token: string) => `${token}.`],
    ['brackets around it', (token: string) => `<${token}>)`],
    ['an equals sign in quoted-printable behind it', (token: string) => `${token}=3D`],
    ['a soft line break of quoted-printable', (token: string) => split(token, '=\r\n')],
    ['a folded line', (token: string) => split(token, '\r\n ')],
    ['a zero-width space', (token: string) => split(token, '\u200b')],
    ['a soft hyphen', (token: string) => split(token, '\u00ad')],
    ['every character percent-encoded', percentEncoded],
    ['percent-encoding applied twice', (token: string) => percentEncoded(percentEncoded(token))],
    ['a tracking parameter behind it', (token: string) => `${token}?utm_source=mail&x=1`],
    ['a parameter of a rewritten link', (token: string) => `${token}&data=05%7C02`],
    ['the underscores of emphasis behind it', (token: string) => `${token}__`],
    ['white space around it', (token: string) => `\t ${token}\n`],
  ])('reads a token with %s', (_, damage) => {
    fc.assert(
      fc.property(idLists, (ids) => {
        const token = damage(signToken([secret], 'unsubscribe', ids))
        expect(verifyToken([secret], 'unsubscribe', token, now)).toEqual({ ids })
      }),
    )
  })

  it('reads a token after any damage that mail services are known to do', () => {
    fc.assert(
      fc.property(purposes, idLists, damages, (purpose, ids, damage) => {
        const damaged = damage(signToken([secret], purpose, ids))
        expect(verifyToken([secret], purpose, damaged, now)).toEqual({ ids })
      }),
    )
  })

  it('reads it after two of them in a row, or says that it cannot', () => {
    fc.assert(
      fc.property(purposes, idLists, damages, damages, (purpose, ids, first, second) => {
        const damaged = second(first(signToken([secret], purpose, ids)))
        const read = verifyToken([secret], purpose, damaged, now)
        expect([{ ids }, { refused: 'malformed' }, { refused: 'forged' }]).toContainEqual(read)
      }),
    )
  })

  it('refuses a damaged token of another purpose, person or secret', () => {
    fc.assert(
      fc.property(purposes, purposes, idLists, damages, (purpose, other, ids, damage) => {
        fc.pre(purpose !== other)
        const mine = signToken([secret], purpose, ids)
        const foreign = [
          signToken([older], purpose, ids),
          signToken([secret], other, ids),
          signToken([secret], purpose, [...ids, 1]).slice(0, -22) + mine.slice(-22),
        ]
        const read = foreign.map((one) => verifyToken([secret], purpose, damage(one), now))
        expect(read.filter((one) => 'ids' in one)).toEqual([])
      }),
    )
  })

  it('refuses a token whose letters a gateway has made small or large', () => {
    fc.assert(
      fc.property(idLists, (ids) => {
        const token = signToken([secret], 'view', ids)
        const changed = [token.toLowerCase(), token.toUpperCase()].filter((one) => one !== token)
        const read = changed.map((one) => verifyToken([secret], 'view', one, now))
        expect(read.filter((one) => 'ids' in one)).toEqual([])
      }),
    )
  })
})

describe('linkTo', () => {
  it('builds the address below the base of the site', () => {
    const config = { site: 'https://example.org', base: '/mailshot', trailingSlash: false }
    expect(linkTo(config, 'confirm', 'AbC')).toBe('https://example.org/mailshot/confirm/AbC')
  })

  it('ends with a slash where the addresses of the site do', () => {
    const config = { site: 'https://example.org', base: '/mailshot', trailingSlash: true }
    expect(linkTo(config, 'confirm', 'AbC')).toBe('https://example.org/mailshot/confirm/AbC/')
  })
})

describe('secretCheckValue', () => {
  it('is the same for one secret, differs for another, and holds neither', () => {
    expect(secretCheckValue(secret)).toBe(secretCheckValue(secret))
    expect(secretCheckValue(secret)).not.toBe(secretCheckValue(older))
    expect(secretCheckValue(secret)).not.toContain(secret)
  })
})

function split(token: string, by: string): string {
  return token.slice(0, 9) + by + token.slice(9)
}

function percentEncoded(text: string): string {
  return text.replace(/[^]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function keysOf<Key extends string>(record: Record<Key, true>): Key[] {
  return Object.keys(record).filter((key): key is Key => Object.hasOwn(record, key))
}
