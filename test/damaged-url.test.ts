import { describe, expect, it } from 'vitest'
import { repairedUrl } from '../integrations/mailshot/damaged-url.ts'

describe('repairedUrl', () => {
  it('takes slashes and line breaks for what they were before a mail service encoded them', () => {
    const link = '/mailshot/confirm/abc_DEF?utm=1'
    const damaged = [
      '/mailshot/confirm%2Fabc_DEF?utm=1',
      '/mailshot%2fconfirm%2fabc_DEF?utm=1',
      '%2Fmailshot%252Fconfirm%25252fabc_DEF?utm=1',
      '/mailshot/confirm/abc%0D%0A_DEF?utm=1',
      '/mailshot%2Fconfirm%2Fabc%250a_DEF?utm=1',
    ]
    expect(damaged.map(repairedUrl)).toEqual(damaged.map(() => link))
  })

  it('leaves out what cannot be decoded', () => {
    expect(repairedUrl('/mailshot/unsubscribe/abc%E0%A4%A')).toBe('/mailshot/unsubscribe/abc')
    expect(repairedUrl('/cut%')).toBe('/cut')
  })

  it('leaves any other address as it is, and what stands in the place of a token', () => {
    const other = [
      '/',
      '/a%2Fb%0Ac?d=%2F',
      '/mailshot/confirm/..%2Fabc',
      '/mailshot/confirm/https%3A%2F%2Fexample.org%2Fmailshot%2Fconfirm%2Fabc?x=%0A',
      '/mailshot/former/spip?arg=a%0Ab',
    ]
    expect(other.map(repairedUrl)).toEqual(other)
  })
})
