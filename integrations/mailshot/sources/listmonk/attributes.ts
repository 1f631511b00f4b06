import { langNamed } from '../tables/lang.ts'

/** What listmonk knows of a person besides: its JSON, one level deep; `lang` or `language` is theirs. What is no JSON is nothing. */
export function readAttributes(json: string): {
  lang: string
  attributes: Record<string, string>
} {
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(parsed(json))) {
    const text = textOf(value)
    if (text !== undefined) attributes[name.toLowerCase()] = text
  }
  const { lang = '', language = '', ...others } = attributes
  return { lang: langNamed(lang || language), attributes: others }
}

function parsed(json: string): object {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}

/** Of several, all; what is deeper cannot be an attribute here. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  return value.flatMap((one: unknown) => textOf(one) ?? []).join(', ')
}
