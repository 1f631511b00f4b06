import { assert, oneof, property, string, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isLanguageTag,
  localeOf,
  nameOfLanguage,
} from '../../integrations/mailshot/campaign/language-tag.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { apiClient } from '../api-server.ts'
import { snapshotOf } from '../api/snapshot.ts'
import { markdown, problemsOf } from '../campaign-folder.ts'

describe('isLanguageTag', () => {
  it.each(['fr', 'tlh', 'pt-BR', 'zh-Hant-TW', 'de-1901'])('takes %s', (tag) => {
    expect(isLanguageTag(tag)).toBe(true)
  })

  it.each(['fr-be-nl', 'fr-fonipa-fonipa', 'FR', 'fr_BE', 'french', 'fr-', 'x-fr', '', 'fr-u-ca'])(
    'refuses "%s"',
    (tag) => {
      expect(isLanguageTag(tag)).toBe(false)
    },
  )

  it('takes nothing that Intl throws at', () => {
    const isWritten = (tag: string) => new Intl.DateTimeFormat(tag).format(0) !== ''
    expect(() => assert(property(tags.filter(isLanguageTag), isWritten))).not.toThrow()
  })

  it('is what check asks of the names of files, and of front matter', async () => {
    const problems = await problemsOf({
      'a/fr.md': markdown('x'),
      'a/fr-be-nl.md': markdown('x'),
      'b.md': markdown('x', 'lang: fr-be-nl'),
    })
    expect(problems).toEqual([
      'a/fr-be-nl.md:1: "fr-be-nl" is not a language',
      'b.md:4: "lang" is wrong',
    ])
  })

  it('is what the API asks of a posted campaign', async () => {
    const { call } = await apiClient(await openTestMailshot())
    const { campaign, ...rest } = await snapshotOf()
    const variants = { 'fr-be-nl': { ...campaign.variants['fr'], lang: 'fr-be-nl' } }
    const posted = { ...rest, campaign: { ...campaign, variants, fallback: 'fr-be-nl' } }
    const answer = await call('POST', 'sends', posted)
    expect(answer.status).toBe(422)
    expect(await answer.text()).toContain('is not a language')
  })
})

describe('localeOf', () => {
  it.each([
    ['pt-BR', 'pt-BR'],
    ['fr-be-nl', 'fr'],
    ['fr_BE', 'fr'],
    ['zh-yue', 'zh'],
    ['constructor', 'en'],
    ['', 'en'],
  ])('makes of "%s" %s', (lang, locale) => {
    expect(localeOf(lang)).toBe(locale)
  })

  it('is always what Intl can write in', () => {
    const isWritten = (lang: string) => new Intl.DateTimeFormat(localeOf(lang)).format(0) !== ''
    expect(() => assert(property(tags, isWritten), { numRuns: 1000 })).not.toThrow()
  })
})

describe('nameOfLanguage', () => {
  it.each([
    ['fr', 'français'],
    ['eu', 'euskara'],
    ['fr-be-nl', 'fr-be-nl'],
    ['<b>', '<b>'],
  ])('calls %s %s', (tag, name) => {
    expect(nameOfLanguage(tag)).toBe(name)
  })
})

/** Any text, and what is nearly a language. */
const tags = oneof(
  string({ unit: 'binary' }),
  stringMatching(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}$/),
  stringMatching(/^[a-zA-Z]{1,8}(?:[-_][A-Za-z0-9]{1,9}){0,4}$/),
)
