import { describe, expect, test } from 'vitest'
import {
  count,
  formatDuration,
  formatTime,
  isoTime,
  wrap,
} from '../../integrations/mailshot/cli/format.ts'

const noon = Date.UTC(2026, 11, 1, 12)

describe('formatTime', () => {
  test("gives the time in the site's zone", () => {
    expect(formatTime(noon, 'Europe/Paris')).toBe('2026-12-01 13:00')
    expect(formatTime(noon, 'America/New_York')).toBe('2026-12-01 07:00')
  })

  test('gives nothing for a time that has not come', () => {
    expect(formatTime(null, 'UTC')).toBe('')
  })
})

describe('isoTime', () => {
  test('gives programs one unambiguous form', () => {
    expect(isoTime(noon)).toBe('2026-12-01T12:00:00.000Z')
    expect(isoTime(null)).toBeNull()
  })
})

describe('count', () => {
  test('puts the word in the right number', () => {
    expect(count(1, 'mail')).toBe('1 mail')
    expect(count(12_000, 'person', 'people')).toBe('12,000 people')
  })
})

describe('formatDuration', () => {
  test('keeps the two largest parts', () => {
    expect(formatDuration(8400)).toBe('8 s')
    expect(formatDuration(125_000)).toBe('2 min 5 s')
    expect(formatDuration(3_600_000 * 3.5)).toBe('3 h 30 min')
    expect(formatDuration(86_400_000 * 3)).toBe('3 days 0 h')
  })
})

describe('wrap', () => {
  test('keeps lines within a width, and a longer word whole', () => {
    expect(wrap('one two three incomprehensibilities', 8)).toEqual([
      'one two',
      'three',
      'incomprehensibilities',
    ])
  })
})
