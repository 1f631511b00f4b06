import { describe, expect, test } from 'vitest'
import { parseSendTime } from '../../integrations/mailshot/campaign/send-time.ts'

const parse = (text: string) => parseSendTime(text, 'Europe/Paris')

describe('parseSendTime', () => {
  test('takes an offset and a zone that agree', () => {
    expect(parse('2026-12-01 09:00 +09:00 Asia/Tokyo')).toBe(Date.UTC(2026, 11, 1, 0))
    expect(parse('2026-10-25 02:30 +01:00 Europe/Paris')).toBe(Date.UTC(2026, 9, 25, 1, 30))
  })

  test('refuses those that contradict each other, and zones that do not exist', () => {
    const wrong = { wrong: expect.stringContaining('is not the time of') }
    expect(parse('2026-12-01 09:00 +05:00 Asia/Tokyo')).toEqual(wrong)
    expect(parse('2026-12-01 09:00 +05:00 Foo/Bar')).toEqual(wrong)
    expect(parse('2026-12-01 09:00 Foo/Bar')).toEqual({
      wrong: '"2026-12-01 09:00 Foo/Bar" is not a time that exists',
    })
  })
})
