import { describe, expect, test } from 'vitest'
import { networkFault, readAnswer } from '../../integrations/mailshot/cli/server/answer.ts'
import { SiteFault } from '../../integrations/mailshot/cli/server/site-fault.ts'

describe('readAnswer', () => {
  test('reads when to come again, and waits no longer than a minute', () => {
    expect(retryAfter('7')).toBe(7000)
    expect(retryAfter('86400')).toBe(60_000)
    expect(retryAfter(new Date(Date.now() + 86_400_000).toUTCString())).toBe(60_000)
    expect(retryAfter('Thu, 01 Jan 2026 00:00:00 GMT')).toBe(0)
    expect(retryAfter('soon')).toBeUndefined()
  })

  test('keeps what a server says in its line, and obeys none of it', () => {
    const message = 'no\r\n::error::x\u001b[2J\u009b31m ##[add-mask]a ###vso[b'
    const body = JSON.stringify({ error: { code: 'invalid', message } })

    expect(thrownBy(422, body)).toThrow(/^no ::error::x \[2J 31m # #\[add-mask\]a # # #vso\[b$/)
    expect(readAnswer('u', new Response(null, { status: 503 }), body)).toMatchObject({
      message: 'u answers 503 (no ::error::x [2J 31m # #[add-mask]a # # #vso[b)',
    })
    expect(
      readAnswer('u', new Response(), '{"held":"a\\nb","sends":[{"reason":"\\u001bc"}]}'),
    ).toEqual({ json: { held: 'a b', sends: [{ reason: 'c' }] } })
  })

  test('keeps the address of a redirect in its line', () => {
    const headers = { location: 'https://example.org/\u009b31m##[group]' }

    expect(thrownBy(302, '', headers)).toThrow(
      'it leads to https://example.org/ 31m# #[group]; give',
    )
  })
})

describe('networkFault', () => {
  test('tells what may be over in a moment from what is not', () => {
    expect(fault('EHOSTUNREACH')).toMatchObject({ isTemporary: true })
    expect(fault('ENETUNREACH')).toMatchObject({ isTemporary: true })
    expect(fault('UND_ERR_HEADERS_TIMEOUT')).toMatchObject({ isTemporary: true })
    expect(fault('UND_ERR_BODY_TIMEOUT')).toMatchObject({ isTemporary: true })
    expect(fault('ENOTFOUND')).toMatchObject({ isTemporary: false })
  })

  test('keeps what it quotes in its line', () => {
    expect(fault('ERR_TLS_CERT_ALTNAME_INVALID', 'DNS:a\n::error::b')?.message).toContain(
      '(DNS:a ::error::b)',
    )
  })
})

function fault(code: string, message = code) {
  const cause = Object.assign(new Error(message), { code })
  return networkFault('u', new TypeError('fetch failed', { cause }))
}

function retryAfter(header: string): number | undefined {
  const headers = { 'retry-after': header }
  const answer = readAnswer('u', new Response('', { status: 503, headers }), '')
  return answer instanceof SiteFault ? answer.retryAfter : undefined
}

function thrownBy(status: number, body: string, headers = {}) {
  return () => readAnswer('u', new Response(null, { status, headers }), body)
}
