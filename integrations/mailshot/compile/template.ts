import type { Escape } from './escape.ts'

/** A text to be merged per reader, as plain JSON: literals, outputs with the escape for their place, block tags. */
export type Template = TemplatePart[]
export type TemplatePart = string | { output: string; escape: Escape } | { tag: string }

/** Joins neighbouring literals. */
export function compact(parts: readonly TemplatePart[]): Template {
  const template: Template = []
  for (const part of parts) {
    const last = template.at(-1)
    if (typeof part === 'string' && typeof last === 'string')
      template[template.length - 1] = last + part
    else if (part !== '') template.push(part)
  }
  return template
}
