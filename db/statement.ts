import { SQL, StringChunk } from 'drizzle-orm/sql'

/** SQL with a `?` for each parameter: what a connection runs. The same query has the same text whatever its values. */
export interface Statement {
  readonly text: string
  readonly values: readonly Value[]
}

export type Value = string | number | null | Uint8Array

/** Renders drizzle's `sql` tag. Its own way through a dialect costs more than the statement that comes of it. */
export function statementOf(query: SQL): Statement {
  const values: Value[] = []
  return { text: render(query, values), values }
}

/** Whether it answers rows without changing anything. */
export function isSelect({ text }: Statement): boolean {
  return /^\s*(?:SELECT|WITH)\b/.test(text) && !/\b(?:INSERT|UPDATE|DELETE)\b/.test(text)
}

function render(query: SQL, values: Value[]): string {
  let text = ''
  for (const chunk of query.queryChunks) {
    if (chunk instanceof StringChunk) text += chunk.value.join('')
    else if (chunk instanceof SQL) text += render(chunk, values)
    else {
      values.push(valueOf(chunk))
      text += '?'
    }
  }
  return text
}

function valueOf(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Uint8Array) return value
  return JSON.stringify(value)
}
