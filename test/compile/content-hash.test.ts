import { describe, expect, test } from 'vitest'
import { contentHash, snapshotHash } from '../../integrations/mailshot/compile/content-hash.ts'

const variant = {
  lang: 'fr',
  dir: 'ltr' as const,
  subject: ['a'],
  preheader: [],
  html: ['b', { output: 'nom', escape: 'html' as const }],
  text: ['c'],
  size: 1,
}
const content = {
  variants: { fr: variant, en: { ...variant, lang: 'en' } },
  from: { name: 'n', address: 'a@example.org' },
  replyTo: null,
  track: { opens: false, clicks: true },
}

describe('contentHash', () => {
  test('does not depend on the order that keys were made in', () => {
    const { track, replyTo, from, variants } = content
    const turned = {
      track: { clicks: track.clicks, opens: track.opens },
      replyTo,
      from: { address: from.address, name: from.name },
      variants: { en: variants.en, fr: variants.fr },
    }
    expect(contentHash(turned)).toBe(contentHash(content))
    expect(contentHash(content)).toMatch(/^[0-9a-f]{64}$/)
  })

  test('depends on every word, place and setting', () => {
    const changed = [
      { ...content, from: null },
      { ...content, track: { opens: true, clicks: true } },
      { ...content, variants: { fr: variant } },
      { ...content, variants: { ...content.variants, fr: { ...variant, text: ['d'] } } },
      {
        ...content,
        variants: {
          ...content.variants,
          fr: { ...variant, html: ['b', { output: 'nom', escape: 'url' as const }] },
        },
      },
    ]
    const hashes = new Set([content, ...changed].map((one) => contentHash(one)))
    expect(hashes.size).toBe(changed.length + 1)
  })
})

describe('snapshotHash', () => {
  const compiled = {
    ...content,
    slug: 'june',
    hash: 'h',
    lists: ['weekly'],
    send: 'manual' as const,
    archive: true,
    fallback: 'fr',
    images: [],
    pages: { fr: { kind: 'content' as const, html: ['b'] } },
  }

  test('depends on all that a send freezes', () => {
    const changed = [
      { ...compiled, from: null },
      { ...compiled, slug: 'july' },
      { ...compiled, lists: ['product'] },
      { ...compiled, archive: false },
      { ...compiled, fallback: 'en' },
      { ...compiled, images: ['https://example.org/a.png'] },
      { ...compiled, pages: {} },
    ]
    const hashes = new Set([compiled, ...changed].map((one) => snapshotHash(one)))
    expect(hashes.size).toBe(changed.length + 1)
  })

  test('does not depend on when it is sent', () => {
    expect(snapshotHash({ ...compiled, send: { at: 2e12 } })).toBe(snapshotHash(compiled))
  })
})
