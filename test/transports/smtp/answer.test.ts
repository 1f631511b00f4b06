import { describe, expect, it } from 'vitest'
import { acceptedId, lastLine } from '../../../integrations/mailshot/transports/smtp/answer.ts'

describe('acceptedId', () => {
  it.each([
    ['Postfix', '250 2.0.0 Ok: queued as 4Bq1Yx2zPkz9sT', '4Bq1Yx2zPkz9sT'],
    ['Exim', '250 OK id=1tDlRk-0004Xz-2B', '1tDlRk-0004Xz-2B'],
    [
      'Amazon SES',
      '250 Ok 0100018b5c3c0a4f-7d1e2f30-aaaa-bbbb-cccc-0123456789ab-000000',
      '0100018b5c3c0a4f-7d1e2f30-aaaa-bbbb-cccc-0123456789ab-000000',
    ],
    [
      'Exchange',
      '250 2.6.0 <7.1@example.org> [InternalId=12345, Hostname=X.example] Queued mail for delivery',
      '<7.1@example.org>',
    ],
    ['Sendmail', '250 2.0.0 4AL0Q1xy012345 Message accepted for delivery', '4AL0Q1xy012345'],
    ['an unknown server', '250 2.0.0 Roger that, 42', 'Roger that, 42'],
    ['a server without a status', '250 accepted', 'accepted'],
    ['a server of few words', '250', '250'],
  ])('reads the id that %s gives', (_server, response, id) => {
    expect(acceptedId(response)).toBe(id)
  })

  it('reads it in the last line of several', () => {
    expect(acceptedId('250-2.0.0 Thanks\r\n250 2.0.0 Ok: queued as ABC')).toBe('ABC')
  })
})

describe('lastLine', () => {
  it('is the line with the final code', () => {
    expect(lastLine('250-one\n250 two\n')).toBe('250 two')
  })
})
