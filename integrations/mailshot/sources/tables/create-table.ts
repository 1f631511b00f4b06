/** The table that a CREATE TABLE makes, and its columns in order; undefined for another statement. */
export function parseCreateTable(
  statement: string,
): { table: string; columns: string[] } | undefined {
  const head = createTable.exec(statement)
  if (!head) return undefined
  const table = nameIn(head[2] ?? head[1] ?? '')
  const columns = definitions(statement.slice(head[0].length)).flatMap((definition) => {
    const [first = ''] = nameAtStart.exec(definition) ?? []
    return first === '' || notColumns.test(definition) ? [] : [nameIn(first)]
  })
  return { table, columns }
}

/** A name, quoted or bare, as a pattern. */
export const namePattern = '`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\\w$\\x80-\\xff-]+'

/** A name without its quotes. */
export function nameIn(text: string): string {
  const quote = text[0]
  if (quote !== '`' && quote !== '"') return text
  return Buffer.from(text.slice(1, -1).replaceAll(quote + quote, quote), 'latin1').toString()
}

const createTable = new RegExp(
  `^\\s*CREATE\\s+(?:TEMPORARY\\s+)?TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(${namePattern})(?:\\.(${namePattern}))?\\s*\\(`,
  'i',
)
const nameAtStart = new RegExp(`^(?:${namePattern})`)
const notColumns =
  /^(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?(?:PRIMARY\s+KEY|KEY|INDEX|CONSTRAINT|FOREIGN\s+KEY|CHECK|PERIOD|UNIQUE)[\s(]/i

/** What the commas of the first level divide, up to the closing bracket. */
function definitions(text: string): string[] {
  const parts: string[] = []
  let [depth, start] = [0, 0]
  for (const mark of text.matchAll(/'(?:[^'\\]|\\[^]|'')*'|`[^`]*`|"[^"]*"|[(),]/g)) {
    if (mark[0] === '(') depth += 1
    else if (mark[0] === ')' && depth > 0) depth -= 1
    else if (depth === 0 && (mark[0] === ',' || mark[0] === ')')) {
      parts.push(text.slice(start, mark.index).trim())
      start = mark.index + 1
      if (mark[0] === ')') return parts
    }
  }
  return parts
}
