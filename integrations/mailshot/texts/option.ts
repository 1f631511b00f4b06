import { z } from 'zod'
import { didYouMean } from '../closest.ts'
import { ownTexts, textLanguages } from '../texts.ts'
import { isGroup, type TextChanges } from './changes.ts'

/** The site's own wording of any text, by language. Every text that there is stands in `texts/en.json`. */
export const textsOption = z
  .custom<TextChanges>(isGroup, 'must be texts by language')
  .superRefine((changes, context) => {
    for (const [lang, own] of Object.entries(changes)) {
      const found = textLanguages.includes(lang)
        ? mistakes(ownTexts(lang), own, [lang])
        : [{ path: [lang], message: `has no texts of ours; ${didYouMean(lang, textLanguages)}` }]
      for (const { path, message } of found) {
        context.addIssue({ code: 'custom', path, message })
      }
    }
  })

interface Mistake {
  path: string[]
  message: string
}

function mistakes(texts: object, changes: unknown, path: string[]): Mistake[] {
  if (!isGroup(changes)) return [{ path, message: 'holds several texts, by name' }]
  // The language and its direction are no texts.
  const { lang: _, dir: __, ...known }: Record<string, unknown> = { ...texts }
  return Object.entries(changes).flatMap(([key, change]) => {
    const here = [...path, key]
    const text = Object.hasOwn(known, key) ? known[key] : undefined
    if (text === undefined) {
      return [{ path: here, message: `is no text of ours; ${didYouMean(key, Object.keys(known))}` }]
    }
    return isGroup(text) ? mistakes(text, change, here) : mistakesOf(text, change, here)
  })
}

function mistakesOf(text: unknown, change: unknown, path: string[]): Mistake[] {
  if (Array.isArray(text) !== Array.isArray(change)) {
    const kind = Array.isArray(text) ? 'a list of paragraphs: ["…"]' : 'one text: "…"'
    return [{ path, message: `must be ${kind}` }]
  }
  const parts = [change].flat()
  if (!parts.every((part) => typeof part === 'string' && part.trim() !== '')) {
    return [{ path, message: 'must be a text, and not empty' }]
  }
  const known = placeholders([text].flat())
  return placeholders(parts)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path,
      message: `{${name}} is never filled in here; ${didYouMean(name, known)}`,
    }))
}

/** Of `{name}`, not of the merge fields `{{ name }}`, which are checked with the campaign. */
function placeholders(parts: unknown[]): string[] {
  return [...new Set(parts.join('\n').match(/(?<!\{)\{\w+\}/g))].map((found) => found.slice(1, -1))
}
