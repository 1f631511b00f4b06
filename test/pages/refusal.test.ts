import { describe, expect, it } from 'vitest'
import { refusalPage, type RefusalStatus } from '../../integrations/mailshot/pages/refusal.ts'
import { testConfig } from '../open-test-mailshot.ts'
import { get } from './visit.ts'

describe('refusalPage', () => {
  it('is a whole page for whoever looks at pages, in the language of their browser', async () => {
    const answer = refuse(503, { accept: 'text/html,*/*;q=0.8', 'accept-language': 'en-GB' })
    expect(answer.status).toBe(503)
    expect(Object.fromEntries(answer.headers)).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-language': 'en',
      'cache-control': 'no-store',
      'retry-after': '60',
    })
    const html = await answer.text()
    expect(html).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/)
    expect(html).toContain('<h1>Something is broken on our side</h1>')
    expect(html).toContain('Nothing was changed. Please try again in a minute.')
    expect(html).toContain('<a href="mailto:redac@example.org">Write to us</a>')
  })

  it('is plain text for everybody else, with the address to write to', async () => {
    const answer = refuse(503, { accept: '*/*' })
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await answer.text()).toMatch(
      /^Quelque chose est en panne chez nous\n.*\n.*\nNous écrire <redac@example\.org>\n$/,
    )
  })

  it('says what is wrong in words of its own for each refusal', async () => {
    const of = async (status: RefusalStatus) => (await refuse(status).text()).split('\n')[0]
    expect(await of(400)).toBe('Ce n’est pas un formulaire de cette page')
    expect(await of(415)).toBe('Ce n’est pas un formulaire de cette page')
    expect(await of(413)).toBe('C’est plus que ce formulaire ne peut recevoir')
    expect(await of(403)).toBe('Ce formulaire vient d’un autre site')
    expect(await of(405)).toBe('Cette adresse ne s’utilise pas ainsi')
  })

  it('names our site to whoever comes from another, and the methods that an address has', async () => {
    expect(await refuse(403).text()).toContain('https://example.org')
    const answer = refusalPage(config, get('subscribe'), {
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
    expect(await answer.text()).toContain('GET, HEAD')
  })

  it('escapes what it is told', async () => {
    const request = get('subscribe', { accept: 'text/html' })
    const headers = { allow: '<b>' }
    const html = await refusalPage(config, request, { status: 405, headers }).text()
    expect(html).toContain('&lt;b&gt;')
  })

  it('speaks what the reader is known to read', () => {
    const request = get('subscribe', { 'accept-language': 'fr' })
    const answer = refusalPage(config, request, { status: 413, lang: 'en' })
    expect(answer.headers.get('content-language')).toBe('en')
  })
})

const config = testConfig({}, '/nowhere')

function refuse(status: RefusalStatus, headers: Record<string, string> = {}): Response {
  return refusalPage(config, get('subscribe', headers), { status })
}
