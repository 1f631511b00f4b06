import { describe, expect, test } from 'vitest'
import { formatDate, wrongDate } from '../../integrations/mailshot/compile/date-filter.ts'
import { markdown, problemsOf } from '../campaign-folder.ts'

const pattern = '%d/%m/%Y %H:%M'

describe('formatDate', () => {
  test('writes a date as it stands, wherever the machine is', () => {
    const before = process.env['TZ']
    for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
      process.env['TZ'] = zone
      expect(formatDate('2026-12-01', pattern, 'fr')).toBe('01/12/2026 00:00')
      expect(formatDate('2026-12-01 00:30', pattern, 'fr')).toBe('01/12/2026 00:30')
      expect(formatDate('2026-12-01T23:30:59.5+02:00', pattern, 'fr')).toBe('01/12/2026 23:30')
      expect(formatDate('2026-12-01 00:30 Z', 'full', 'fr')).toBe('mardi 1 décembre 2026')
    }
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })

  test('leaves what is no date as it is', () => {
    for (const value of [
      'now',
      'today',
      'December 1, 2026',
      '1/12/2026',
      '2026-02-31',
      '2026-13-01',
      '2026-12-01 25:00',
      '',
      12,
      true,
      undefined,
    ]) {
      expect(formatDate(value, pattern, 'fr')).toBe(value)
    }
  })
})

describe('wrongDate', () => {
  test('finds dates and formats that readers would see as they are', async () => {
    expect(wrongDate('2026-12-01', '%-d %B')).toBeUndefined()
    expect(wrongDate(undefined, 'long')).toBeUndefined()
    const body = [
      '{{ "now" | date }}',
      '{{ "December 1, 2026" | date: "%d/%m" }}',
      '{{ city | default: "demain" | date }}',
      '{{ email | date: "%d %S" }}',
    ]
    expect(await problemsOf({ 'a.md': markdown(body.join('\n')) })).toEqual(
      body.map((output, index) => `a.md:${5 + index}: ${output} cannot be read`),
    )
  })
})
