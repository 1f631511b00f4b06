/** What an expression says, as far as checking it needs. */
export interface Expression {
  /** The fields it reads. */
  fields: string[]
  filters: string[]
  /** What the last `default` puts in: a field, or '' for a text. */
  fallback?: string
  /** What is wrong with its form. */
  wrong?: string
}

/** Reads an output, `nom | default: "ami"`, without running it. */
export function readOutput(source: string): Expression {
  const [head = '', ...filters] = splitOutsideQuotes(source, '|').map((part) => part.trim())
  if (head === '') return { fields: [], filters: [], wrong: 'it is empty' }
  if (!value.test(head)) return { fields: [], filters: [], wrong: `"${head}" is not a field` }
  const read = filters.map(readFilter)
  const fallback = read.findLast((one) => one.name === 'default')
  const wrong = read.find((one) => one.wrong !== undefined)?.wrong
  return {
    fields: [...fieldsIn(head), ...read.flatMap((one) => one.fields)],
    filters: read.map((one) => one.name),
    ...(fallback && { fallback: fallback.fields[0] ?? '' }),
    ...(wrong !== undefined && { wrong }),
  }
}

/** The fields that a condition, or any other tag, reads. */
export function fieldsIn(source: string): string[] {
  const bare = source
    .replace(quotedText, ' ')
    .replace(/\.\w+/g, '')
    .replace(/(?<!\w)\d+(?:\.\d+)?/g, ' ')
  return (bare.match(/[a-z_]\w*/gi) ?? []).filter((word) => !words.has(word))
}

const quotedText = /"[^"]*"|'[^']*'/g
const value = /^(?:[a-z_]\w*(?:\.\w+|\[\d+\])*|"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?)$/i
const words = new Set(
  'and or not contains blank empty true false nil null in reversed limit offset'.split(' '),
)

function readFilter(source: string): { name: string; fields: string[]; wrong?: string } {
  const [name = '', ...rest] = splitOutsideQuotes(source, ':').map((part) => part.trim())
  const values =
    rest.length === 0 ? [] : splitOutsideQuotes(rest.join(':'), ',').map((part) => part.trim())
  if (!/^[a-z_]\w*$/i.test(name)) return { name, fields: [], wrong: `"${source}" is not a filter` }
  const odd = values.find((one) => !value.test(one))
  if (odd !== undefined) return { name, fields: [], wrong: `"${odd}" needs straight quotes` }
  return { name, fields: values.flatMap(fieldsIn) }
}

function splitOutsideQuotes(source: string, separator: string): string[] {
  const parts = ['']
  let quote = ''
  for (const char of source) {
    if (quote === '' && char === separator) parts.push('')
    else parts[parts.length - 1] += char
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
  }
  return parts
}
