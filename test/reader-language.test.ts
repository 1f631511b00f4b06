import { describe, expect, it } from 'vitest'
import { readerLanguage } from '../integrations/mailshot/reader-language.ts'

const site = { lang: 'fr' }

describe('readerLanguage', () => {
  it('is the subscriber’s own, whatever the address and the browser say', () => {
    const request = asking('en;q=1', '?lang=en')
    expect(readerLanguage(site, request, ['fr-CA'])).toBe('fr')
  })

  it('is the form’s for one whose language is unknown, or not among our texts', () => {
    const request = asking('fr')
    expect(readerLanguage(site, request, [null, 'en'])).toBe('en')
    expect(readerLanguage(site, request, ['xx', 'en'])).toBe('en')
  })

  it('is the one that the address asks for, before the browser’s', () => {
    expect(readerLanguage(site, asking('fr', '?lang=en'))).toBe('en')
    expect(readerLanguage({ lang: 'en' }, asking('fr', '?lang=<script>'))).toBe('fr')
  })

  it('is the browser’s most wanted one of those we have', () => {
    expect(readerLanguage(site, asking('xx, fr;q=0.5, en-GB;q=0.7'))).toBe('en')
    expect(readerLanguage(site, asking('EN-us'))).toBe('en')
    expect(readerLanguage({ lang: 'en' }, asking('en;q=0, fr;q=0.1'))).toBe('fr')
  })

  it('is ours that shares the primary language, and the site’s where none does', () => {
    expect(readerLanguage(site, asking('pt'))).toBe('pt-BR')
    expect(readerLanguage(site, asking('pt-PT, en;q=0.5'))).toBe('pt-BR')
    expect(readerLanguage(site, asking('de-CH'))).toBe('de')
    expect(readerLanguage(site, asking('zh-Hant-TW'))).toBe('fr')
    expect(readerLanguage(site, asking('zh, ja;q=0.3'))).toBe('ja')
  })

  it('is the site’s when nothing else is said, or what is said cannot be read', () => {
    expect(readerLanguage(site, asking())).toBe('fr')
    expect(readerLanguage(site, asking('*'))).toBe('fr')
    expect(readerLanguage(site, asking(';;q=x,,en;q=high'))).toBe('fr')
  })

  it('is English for a site in a language we have no texts in', () => {
    expect(readerLanguage({ lang: 'xx' }, asking())).toBe('en')
  })
})

function asking(accepted?: string, query = ''): Request {
  const headers = accepted === undefined ? {} : { 'accept-language': accepted }
  return new Request(`https://example.org/mailshot/subscribe${query}`, { headers })
}
