import type { Layout } from '../campaign/layout.ts'
import { lineAt, type Place, type Problem } from '../campaign/problem.ts'
import { decodeEntities } from './entity.ts'

/** A source text and where it begins. */
export interface Source {
  text: string
  place: Place
}

/**
 * Finds where in the sources a piece of the finished mail comes from: the first of the texts that stands in one of them.
 * Where none does, it is the first source's beginning.
 */
export function locateIn(
  sources: readonly [Source, ...Source[]],
  ...texts: readonly string[]
): Place {
  for (const text of texts) {
    for (const source of sources) {
      const found = locateText(source, text)
      if (found) return found
    }
  }
  return sources[0].place
}

/** Leaves out what has been reported of the source already, at a better place. */
export function notYetKnown(known: readonly Problem[], found: readonly Problem[]): Problem[] {
  const told = new Set(known.map(({ what }) => asWritten(what)))
  return found.filter(({ what }) => !told.has(asWritten(what)))
}

/**
 * Gives problems of a layout that an Astro component puts out their line in the component: the first one that holds what
 * they are about. The lines of its output say nothing to its author.
 */
export function inComponent(
  layout: Pick<Layout, 'file' | 'component'> | undefined,
  problems: Problem[],
): Problem[] {
  const { file, component } = layout ?? {}
  if (component === undefined) return problems
  return problems.map((one) =>
    one.file === file ? { ...one, line: lineAbout(one.what, component) } : one,
  )
}

function lineAbout(what: string, text: string): number {
  const [, quoted, expression, element] =
    /"([^"]+)"|\{[{%]-?\s*(.+?)\s*-?[%}]\}|(<\/?[\w-]+)/.exec(what) ?? []
  const words = what.split(' ').toSorted((a, b) => b.length - a.length)
  const offsets = [quoted, expression, element, words[0]]
    .filter((one) => one !== undefined)
    .map((one) => text.indexOf(one))
  return lineAt(text, offsets.find((at) => at !== -1) ?? 0, 1)
}

function locateText({ text, place }: Source, wanted: string): Place | undefined {
  const forms = [text, text.toLowerCase()]
  const offset = forms.map((form) => form.indexOf(wanted)).find((at) => at !== -1)
  if (offset !== undefined) return { file: place.file, line: lineAt(text, offset, place.line) }
  const line = text.split('\n').findIndex((one) => readAs(one).includes(wanted))
  return line === -1 ? undefined : { file: place.file, line: place.line + line }
}

/** A line as it is shown and as it is written, entities and escapes read. */
function readAs(line: string): string {
  const plain = line.replace(/\\(?=[!-/:-@[-`{-~])/g, '')
  return `${decodeEntities(plain.replace(/<[^>]*>/g, ''))}\n${decodeEntities(plain)}`
}

/** Markdown encodes addresses on their way. */
function asWritten(what: string): string {
  try {
    return decodeURIComponent(what).replace(/[\s\p{Cc}]/gu, '')
  } catch {
    return what
  }
}
