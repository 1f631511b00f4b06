import { describe, expect, it } from 'vitest'
import { openPulse } from '../../integrations/mailshot/deliver/pulse.ts'

const hour = 3_600_000

describe('openPulse', () => {
  it('measures an even spread', () => {
    const pulse = openPulse()
    beats(pulse, { from: 0, count: 100, gap: 200 })
    expect(pulse.gapOf('', 19_900)).toBeCloseTo(200, -1)
  })

  it('measures one mail a minute', () => {
    const pulse = openPulse()
    beats(pulse, { from: 0, count: 40, gap: 60_000 })
    expect(pulse.gapOf('', 39 * 60_000)).toBeCloseTo(60_000, -3)
  })

  it('does not count a night without work', () => {
    const pulse = openPulse()
    beats(pulse, { from: 0, count: 60, gap: 50 })
    beats(pulse, { from: 20 * hour, count: 1, gap: 50 })
    expect(pulse.gapOf('', 20 * hour)).toBeCloseTo(50, 0)
    beats(pulse, { from: 20 * hour + 50, count: 30, gap: 50 })
    expect(pulse.gapOf('', 20 * hour + 1500)).toBeCloseTo(50, -1)
  })

  it('follows a faster rate within some seconds', () => {
    const pulse = openPulse()
    beats(pulse, { from: 0, count: 60, gap: 60_000 })
    beats(pulse, { from: 60 * 60_000, count: 600, gap: 50 })
    expect(pulse.gapOf('', 60 * 60_000 + 30_000)).toBeCloseTo(50, -1)
  })

  it('takes a burst for what came in a second', () => {
    const pulse = openPulse()
    beats(pulse, { from: 0, count: 33, gap: 0 })
    expect(pulse.gapOf('', 20)).toBeCloseTo(31, 0)
  })

  it('guesses where it has seen one', () => {
    const pulse = openPulse()
    expect(pulse.gapOf('', 0)).toBe(1000)
    beats(pulse, { from: 0, count: 1, gap: 0 })
    expect(pulse.gapOf('', 5)).toBe(1000)
  })
})

function beats(
  pulse: ReturnType<typeof openPulse>,
  { from, count, gap }: { from: number; count: number; gap: number },
): void {
  for (let beat = 0; beat < count; beat++) pulse.beat('', from + beat * gap)
}
