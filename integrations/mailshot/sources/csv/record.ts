/** A record with the number of its first line, as it stands there; or why that line cannot be read. */
export type CsvRecord = { line: number; raw: string; delimiter: string } & (
  { fields: string[] } | { cause: string }
)

/**
 * Puts lines together into records (RFC 4180). The delimiter is the one the first line has most of. A quote that is
 * not closed costs its own line only: reading goes on with the next one. Empty lines are left out.
 */
export async function* readRecords(lines: AsyncIterable<string[]>): AsyncGenerator<CsvRecord> {
  let waiting: string[] = []
  let line = 1
  let delimiter: string | undefined
  const take = function* (isLast: boolean): Generator<CsvRecord> {
    let at = 0
    for (let count = 0; at < waiting.length; at += count, line += count) {
      count = 1
      const text = waiting[at] ?? ''
      const declared = delimiter === undefined ? /^sep=(.)$/i.exec(text)?.[1] : undefined
      if (declared !== undefined) delimiter = declared
      if (declared !== undefined || text.trim() === '') continue
      delimiter ??= delimiterOf(text)
      const taken = takeRecord(waiting.slice(at, at + mostLines), delimiter, isLast)
      if (taken === 'incomplete') break
      count = taken.count
      const raw = count === 1 ? text : waiting.slice(at, at + count).join('\n')
      if ('cause' in taken) yield { line, raw, delimiter, cause: taken.cause }
      else if (taken.fields.some((field) => field.trim() !== '')) {
        yield { line, raw, delimiter, fields: taken.fields }
      }
    }
    waiting = waiting.slice(at)
  }
  for await (const batch of lines) {
    waiting = waiting.length > 0 ? waiting.concat(batch) : batch
    yield* take(false)
  }
  yield* take(true)
}

/** A record beyond this is no record but a forgotten quote. */
const mostLines = 100
const mostCharacters = 100_000

type Taken = { count: number; fields: string[] } | { count: 1; cause: string } | 'incomplete'

function takeRecord(lines: string[], delimiter: string, isLast: boolean): Taken {
  let text = ''
  for (const [index, line] of lines.entries()) {
    text = index === 0 ? line : `${text}\n${line}`
    const fields = splitRecord(text, delimiter)
    if (Array.isArray(fields)) return { count: index + 1, fields }
    if (fields === 'broken' || text.length > mostCharacters) return { count: 1, cause: quoteFault }
  }
  const mayGoOn = !isLast && lines.length < mostLines
  return mayGoOn ? 'incomplete' : { count: 1, cause: quoteFault }
}

const quoteFault =
  'a quote is not closed, or stands inside a quoted field; write quotes inside a field twice: ""'

/** The fields of one record; `open` when a quoted field goes on, `broken` when text follows a closing quote. */
export function splitRecord(text: string, delimiter: string): string[] | 'open' | 'broken' {
  if (!text.includes('"')) return text.split(delimiter)
  const fields: string[] = []
  for (let at = 0; ;) {
    const start = skipSpaces(text, at)
    if (text[start] !== '"') {
      const end = text.indexOf(delimiter, at)
      fields.push(text.slice(at, end < 0 ? undefined : end))
      if (end < 0) return fields
      at = end + 1
      continue
    }
    const end = closingQuote(text, start + 1)
    if (end < 0) return 'open'
    const next = skipSpaces(text, end + 1)
    if (next < text.length && text[next] !== delimiter) return 'broken'
    fields.push(text.slice(start + 1, end).replaceAll('""', '"'))
    if (next >= text.length) return fields
    at = next + 1
  }
}

function skipSpaces(text: string, at: number): number {
  let next = at
  while (text[next] === ' ') next++
  return next
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at
}

function delimiterOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '')
  const counts = [',', ';', '\t', '|'].map((delimiter) => ({
    delimiter,
    count: bare.split(delimiter).length,
  }))
  return counts.toSorted((a, b) => b.count - a.count)[0]?.delimiter ?? ','
}
