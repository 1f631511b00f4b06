import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bounceAddress,
  bounceToken,
  leaveAddress,
  readBounceToken,
  readLeaveToken,
} from '../../integrations/mailshot/bounce/verp.ts'
import { signToken } from '../../integrations/mailshot/token.ts'

const config = {
  bounces: { address: 'bounces@news.example.org' },
  returnPath: 'news@example.org',
  secrets: ['a secret of at least thirty-two characters'],
}
const id = fc.nat(Number.MAX_SAFE_INTEGER)

describe('bounceAddress', () => {
  test('names its mail, in whatever case it comes back', () => {
    fc.assert(
      fc.property(id, fc.nat(1000), fc.boolean(), (recipientId, resend, isUpper) => {
        const mail = { kind: 'recipient', id: recipientId, resend } as const
        const address = bounceAddress(config, mail)
        const token = tokenOf(isUpper ? address.toUpperCase() : address)
        expect(readBounceToken(config, token)).toEqual(mail)
      }),
    )
  })

  test('has a local part that every server takes', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e13), (letterId, createdAt) => {
        const address = bounceAddress(
          { ...config, bounces: { address: 'sixteen-or-fewer@news.example.org' } },
          { kind: 'letter', id: letterId, createdAt },
        )
        expect(address).toMatch(/^[a-z-]{16}\+[a-z2-7]{1,47}@news\.example\.org$/)
      }),
    )
  })

  test('tells a letter from a recipient', () => {
    const letter = { kind: 'letter', id: 7, createdAt: 1_780_000_000_000 } as const

    expect(readBounceToken(config, tokenOf(bounceAddress(config, letter)))).toEqual(letter)
  })

  test('is the return path where bounces are read nowhere', () => {
    const address = bounceAddress(
      { ...config, bounces: undefined },
      { kind: 'recipient', id: 1, resend: 0 },
    )

    expect(address).toBe('news@example.org')
  })
})

describe('readBounceToken', () => {
  test('refuses one that somebody has changed, or made up', () => {
    const token = bounceToken(config, { kind: 'recipient', id: 12, resend: 0 })
    const changed = Array.from(token, (char, at) => {
      const other = char === 'a' ? 'b' : 'a'
      return token.slice(0, at) + other + token.slice(at + 1)
    })
    const made = ['', 'a', '0189', 'zoe=example.org', token.slice(1), `${token}a`, 'ü']

    expect([...changed, ...made].filter((one) => readBounceToken(config, one))).toEqual([])
  })

  test('takes a token for what it was signed for alone', () => {
    const leave = leaveAddress(config, { subscriberId: 12, recipientId: 0 })
    const link = signToken(config.secrets, 'unsubscribe', [12, 0])

    expect(readBounceToken(config, tokenOf(leave ?? ''))).toBeUndefined()
    expect(readBounceToken(config, link)).toBeUndefined()
    expect(
      readLeaveToken(config, bounceToken(config, { kind: 'recipient', id: 1, resend: 0 })),
    ).toBe(undefined)
  })

  test('accepts what an older secret signed', () => {
    const mail = { kind: 'recipient', id: 12, resend: 3 } as const
    const rotated = {
      secrets: ['another secret of at least thirty-two characters', ...config.secrets],
    }

    expect(readBounceToken(rotated, bounceToken(config, mail))).toEqual(mail)
  })
})

function tokenOf(address: string): string {
  return /\+(.*)@/.exec(address)?.[1] ?? ''
}
