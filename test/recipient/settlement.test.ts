import { describe, expect, it } from 'vitest'
import { settlementOf } from '../../integrations/mailshot/recipient/settlement.ts'

describe('settlementOf', () => {
  it('comes back to a greylisted recipient after the wait that the answer names', () => {
    expect(delayOf(0, 300)).toBe(305)
  })

  it('comes back after five minutes where no wait is named, later each time', () => {
    expect([0, 1, 2, 3].map((tries) => delayOf(tries, undefined))).toEqual([
      300, 1200, 3600, 10_800,
    ])
  })

  it('does not use up the tries of a server that names the same short wait each time', () => {
    expect([1, 2, 3].map((tries) => delayOf(tries, 60))).toEqual([1200, 3600, 10_800])
  })

  it('believes no wait of a moment, and none of days', () => {
    expect([delayOf(0, 1), delayOf(0, 900_000)]).toEqual([30, 86_400])
  })
})

/** Seconds until the next try of a recipient who was refused for now. */
function delayOf(tries: number, retryAfter: number | undefined): number {
  const recipient = {
    id: 1,
    claimId: 'c',
    sendId: 's',
    subscriberId: 1,
    written: 'a@b.example',
    name: '',
    lang: null,
    attributes: {},
    tries,
    resend: 0,
  }
  const outcome = {
    status: 'deferred',
    scope: 'recipient',
    reason: '450 4.2.0 Greylisted',
    ...(retryAfter !== undefined && { retryAfter }),
  } as const
  const { dueAt } = settlementOf(recipient, outcome, { now: 0, maxTries: 5 })
  return (dueAt ?? 0) / 1000
}
