import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newSendId, sendIdNumbers, sendIdOf } from '../../integrations/mailshot/send/id.ts'

const seconds = fc.integer({ min: 1_500_000_000, max: 99_999_999_999 })
const chance = fc.integer({ min: 0, max: 0xffffffff })

describe('newSendId', () => {
  it('sorts by time', () => {
    const ids = [Date.UTC(2026, 0), Date.UTC(2026, 5), Date.UTC(2031, 0)].map(newSendId)
    expect(ids.toSorted()).toEqual(ids)
  })

  it('differs within one second', () => {
    const ids = new Set(Array.from({ length: 100 }, () => newSendId(0)))
    expect(ids.size).toBe(100)
  })
})

describe('sendIdNumbers', () => {
  it('gives the numbers that make the same id again', () => {
    fc.assert(
      fc.property(seconds, chance, (...numbers) => {
        const id = sendIdOf(numbers)
        expect(sendIdNumbers(id)).toEqual(numbers)
      }),
    )
    const id = newSendId(Date.UTC(2026, 10, 22))
    expect(sendIdOf(sendIdNumbers(id) ?? [])).toBe(id)
  })

  it('keeps the zeros that chance begins with', () => {
    expect(sendIdOf([1_790_000_000, 10])).toBe('tlpwu80000000a')
    expect(sendIdNumbers('tlpwu80000000a')).toEqual([1_790_000_000, 10])
  })

  it('refuses what is no id of ours, or another spelling of one', () => {
    const texts = ['', 'hello', '2026-06-launch', '0tlpwu80000000a', 'TLPSZK0000000A', '0000000a']
    expect(texts.map(sendIdNumbers)).toEqual(texts.map(() => undefined))
  })
})
