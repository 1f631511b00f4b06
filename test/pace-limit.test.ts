import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePace } from '../integrations/mailshot/pace-limit.ts'

describe('parsePace', () => {
  it('reads a number a window', () => {
    expect(parsePace('10/second')).toEqual([{ count: 10, windowMs: 1000 }])
    expect(parsePace('100/minute')).toEqual([{ count: 100, windowMs: 60_000 }])
    expect(parsePace('1 000 / hour')).toEqual([{ count: 1000, windowMs: 3_600_000 }])
    expect(parsePace('50_000/day')).toEqual([{ count: 50_000, windowMs: 86_400_000 }])
  })

  it('reads fast as no limit at all', () => {
    expect(parsePace('fast')).toEqual([])
  })

  it('reads several limits, the shortest window first', () => {
    expect(parsePace({ perDay: 5000, perSecond: 2 })).toEqual([
      { count: 2, windowMs: 1000 },
      { count: 5000, windowMs: 86_400_000 },
    ])
  })

  it.each([
    '',
    '5000',
    '/day',
    '0/day',
    '-1/day',
    '1.5/second',
    '10/week',
    '10/days',
    'slow',
    '1/toString',
  ])('refuses %j and says how to write it', (text) => {
    expect(parsePace(text)).toBe(
      `"${text}" is not a pace; write it like 5000/day, 10/second or fast`,
    )
  })

  it('refuses a limit that is no whole number, naming it', () => {
    expect(parsePace({ perSecond: 0.5 })).toBe(
      'perSecond: 0.5 must be a whole number from 1; use a longer window for less',
    )
    expect(parsePace({ perHour: 0, perDay: 10 })).toMatch(/^perHour: 0 must/)
  })

  it('refuses an object without a limit, which would read as fast', () => {
    expect(parsePace({})).toBe('an empty pace; name a limit, or write fast')
    expect(parsePace({ perDay: undefined })).toBe('an empty pace; name a limit, or write fast')
  })

  it('gives a count of at least one and a known window, or a reason, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d ]+\/(day|hour)$/)), (text) => {
        const pace = parsePace(text)
        const fits =
          typeof pace === 'string' ? pace.includes(text) : pace.every(({ count }) => count >= 1)
        expect(fits).toBe(true)
      }),
    )
  })
})
