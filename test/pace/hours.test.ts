import { describe, expect, it } from 'vitest'
import { MailshotError } from '../../integrations/mailshot/config.ts'
import { openingAt } from '../../integrations/mailshot/pace/hours.ts'
import { hoursOption } from '../../integrations/mailshot/pace/options.ts'
import { testConfig } from '../open-test-mailshot.ts'
import { deliverUntil, mostInWindow, openReceivingSide } from './receiving-side.ts'

const hour = 3_600_000
const stretch = 600_000
const paris = 'Europe/Paris'

describe('openingAt', () => {
  it('answers the stretch that is open, else the next one', () => {
    const hours = hoursOption.parse({ from: '09:00', to: '19:00' })
    const monday = { opensAt: '2026-11-23T08:00Z', closesAt: '2026-11-23T18:00Z' }
    expect(opening(hours, '2026-11-23T12:00Z')).toEqual(monday)
    expect(opening(hours, '2026-11-22T18:00Z')).toEqual(monday)
    expect(opening(hours, '2026-11-23T08:00Z')).toEqual(monday)
  })

  it('leaves out the days that are not named', () => {
    const hours = hoursOption.parse({ from: '09:00', to: '19:00', days: ['mon', 'fri'] })
    expect(opening(hours, '2026-11-23T18:00Z').opensAt).toBe('2026-11-27T08:00Z')
  })

  it('goes on over midnight where it ends before it begins', () => {
    const hours = hoursOption.parse({ from: '22:00', to: '02:00', days: ['sat'] })
    const night = { opensAt: '2026-11-28T21:00Z', closesAt: '2026-11-29T01:00Z' }
    expect(opening(hours, '2026-11-29T00:30Z')).toEqual(night)
  })

  it('keeps the hour on the clock when the clocks change', () => {
    const hours = hoursOption.parse({ from: '02:30', to: '10:00' })
    // 29 March 2026 has no 02:30 in Paris; 25 October has it twice.
    expect(opening(hours, '2026-03-28T12:00Z').opensAt).toBe('2026-03-29T01:30Z')
    expect(opening(hours, '2026-03-28T12:00Z').closesAt).toBe('2026-03-29T08:00Z')
    expect(opening(hours, '2026-10-24T12:00Z').opensAt).toBe('2026-10-25T00:30Z')
    expect(opening(hours, '2026-10-24T12:00Z').closesAt).toBe('2026-10-25T09:00Z')
  })

  it('is that of its own zone', () => {
    const hours = hoursOption.parse({ from: '09:00', to: '19:00', timeZone: 'Asia/Tokyo' })
    expect(opening(hours, '2026-11-22T22:00Z').opensAt).toBe('2026-11-23T00:00Z')
  })
})

describe('the sending hours', () => {
  it('hold a send, and a limit per day is spread over them', async () => {
    // The clock of a test begins at 13:00 in Paris, on a Sunday.
    const { mailshot, arrivals, start } = await openReceivingSide(
      {
        pace: '20/day',
        letterReserve: 0,
        hours: { from: '09:00', to: '09:10', days: ['mon', 'tue'] },
      },
      { readers: { 'example.net': 30 } },
    )
    await start()
    // Frozen on Sunday; nobody is mailed then.
    await deliverUntil(mailshot, mailshot.now() + 2000)
    for (const date of ['2026-11-23', '2026-11-24']) {
      mailshot.clock.set(Date.parse(`${date}T07:59:00Z`))
      await deliverUntil(mailshot, Date.parse(`${date}T08:11:00Z`))
    }
    const times = arrivals.filter((one) => !one.isLetter).map(({ at }) => at)
    const first = Date.parse('2026-11-23T08:00:00Z')
    expect(times[0]).toBeGreaterThanOrEqual(first)
    const monday = times.filter((at) => at < first + stretch)
    expect(monday.length).toBeGreaterThanOrEqual(18)
    expect(monday.length).toBeLessThanOrEqual(20)
    expect(mostInWindow(monday, stretch / 4)).toBeLessThanOrEqual(6)
    expect(times.some((at) => at > first + stretch && at < first + 24 * hour)).toBe(false)
    expect(times).toHaveLength(30)
  })
})

describe('the option hours', () => {
  it('says what is wrong with it', () => {
    expect(() =>
      testConfig({ hours: { from: '9am', to: '19:00', days: ['Mon' as 'mon'] } }, '/tmp'),
    ).toThrow(MailshotError)
    expect(wrong({ hours: { from: '9am', to: '19:00' } })).toContain(
      'is not a time of day; write it like 09:00\n  → at hours.from',
    )
    expect(wrong({ hours: { from: '09:00', to: '19:00', days: [] } })).toContain(
      'names no day, so nothing would ever be sent',
    )
    expect(wrong({ hours: { from: '09:00', to: '19:00', timeZone: 'Paris' } })).toContain(
      'is not a time zone; write it like Europe/Paris',
    )
    expect(wrong({ ramp: { start: 0 } })).toContain('must be at least 1 mail')
    expect(wrong({ ramp: { start: 10, factor: 1 } })).toContain('or the ramp never ends')
    expect(wrong({ ramp: { start: 10, until: 10 } })).toContain('or there is no ramp')
    expect(wrong({ domains: { 'gmail com': '10/hour' } })).toContain(
      '"gmail com" is not a domain; write it like gmail.com',
    )
    expect(wrong({ domains: { 'gmail.com': '10/fortnight' } })).toContain('is not a pace')
  })
})

function wrong(options: Parameters<typeof testConfig>[0]): string {
  try {
    testConfig(options, '/tmp')
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

function opening(hours: Parameters<typeof openingAt>[0], at: string) {
  const { opensAt, closesAt } = openingAt(hours, paris, Date.parse(at))
  const text = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z')
  return { opensAt: text(opensAt), closesAt: text(closesAt) }
}
