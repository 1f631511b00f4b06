import matter from 'gray-matter'
import { escapeRegExp } from '../escape-reg-exp.ts'
import { errorAt, type Place, type Problem } from './problem.ts'

/** A source file cut in two, with the line that each part begins at. */
export interface SourceFile {
  /** As the config names the folder: `campaigns/june.md`. */
  file: string
  /** What the YAML held. `undefined` when there is none, or it cannot be read. */
  data: Record<string, unknown> | undefined
  /** Lines of the front matter, the first one being line 1 of the file. */
  head: string[]
  body: string
  bodyLine: number
  problems: Problem[]
}

/**
 * Cuts a source file into front matter and body. Line ends become LF and a byte order mark goes, so that a checkout on
 * any system reads the same. Only YAML is read: gray-matter would run JavaScript.
 *
 * `subject`, `preheader`, `segment`, `from`, `replyTo` and `send` are taken literally to the end of their line, before YAML sees
 * them, so that colons, `#` and `{{ }}` need no quoting; only behind an address or a time may a comment follow. A value
 * wholly in quotes loses them. All other scalars are texts too, as they are written.
 */
export function readFrontMatter(file: string, text: string): SourceFile {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  const head = headLines(source)
  const bodyLine = head.length + 1
  const body = source.split('\n').slice(head.length).join('\n')
  const rest = { file, head, body, bodyLine }
  if (head.length === 0) return { ...rest, data: undefined, problems: [noFrontMatter(file)] }
  if (head.length === 1) return { ...rest, data: undefined, problems: [neverClosed(file)] }
  try {
    const { data } = matter(quoted(head).join('\n'), yamlOptions)
    return { ...rest, data, problems: [] }
  } catch (cause) {
    return { ...rest, data: undefined, problems: [unreadable(file, cause)] }
  }
}

/** Where a key of the front matter stands; a nested one (`params.colour`) is looked for below its parent. */
export function placeOf(
  source: Pick<SourceFile, 'file' | 'head'>,
  path: readonly PropertyKey[],
): Place {
  let line = 0
  for (const key of path) {
    if (typeof key !== 'string') continue
    const name = new RegExp(`(?:^|[\\s{,"'])${escapeRegExp(key)}["']?\\s*:`)
    const at = source.head.findIndex((text, index) => index >= line && name.test(text))
    if (at === -1) break
    line = at
  }
  return { file: source.file, line: line + 1 }
}

const literal = /^(subject|preheader|segment|from|replyTo|send)[ \t]*:[ \t]*(.*?)[ \t]*$/

function headLines(source: string): string[] {
  const lines = source.split('\n')
  if (!/^---\s*\w*\s*$/.test(lines[0] ?? '')) return []
  const end = lines.findIndex((line, index) => index > 0 && /^---\s*$/.test(line))
  return lines.slice(0, end === -1 ? 1 : end + 1)
}

function quoted(head: string[]): string[] {
  return head.map((line) => {
    const match = literal.exec(line)
    const [, key = '', value = ''] = match ?? []
    // A folded or literal block (`>`, `|`) goes on below: YAML's own work.
    if (!match || /^[>|][+-]?\d?$/.test(value)) return line
    return `${key}: ${JSON.stringify(unquoted(withoutComment(key, value)))}`
  })
}

/** A comment may follow an address or a time; in words and conditions a `#` is meant. */
function withoutComment(key: string, value: string): string {
  if (key === 'subject' || key === 'preheader' || key === 'segment') return value
  return value.replace(key === 'send' ? /\s+#.*$/ : /\s+#[^<>]*$/, '')
}

function unquoted(value: string): string {
  if (/^"[^"\\]*"$/.test(value)) return value.slice(1, -1)
  if (/^'(?:[^']|'')*'$/.test(value)) return value.slice(1, -1).replaceAll("''", "'")
  return value
}

const refuse = {
  parse(): never {
    throw new Error('front matter must be YAML, between two lines of ---')
  },
}
const otherEngines = {
  js: refuse,
  javascript: refuse,
  coffee: refuse,
  coffeescript: refuse,
  cson: refuse,
  json: refuse,
  toml: refuse,
}

/**
 * For js-yaml, which gray-matter hands its options to: YAML's failsafe schema, where every scalar is a text. The usual one
 * takes `18:30` for 1110, and `0612` for 394.
 */
const textsOnly = {
  compiledImplicit: [],
  compiledTypeMap: { scalar: {}, sequence: {}, mapping: {}, fallback: {} },
}
const yamlOptions = { engines: otherEngines, schema: textsOnly }

function noFrontMatter(file: string): Problem {
  return errorAt(
    { file, line: 1 },
    'no front matter',
    'subject and lists stand between two lines of --- at the top',
    'begin the file with ---, subject: …, lists: […], ---',
  )
}

function neverClosed(file: string): Problem {
  const why = 'without its second line of --- all of the file would belong to it'
  return errorAt({ file, line: 1 }, 'the front matter never ends', why, 'write a line --- below it')
}

function unreadable(file: string, cause: unknown): Problem {
  const message = cause instanceof Error ? cause.message : String(cause)
  const line =
    typeof cause === 'object' && cause !== null && 'mark' in cause ? markLine(cause.mark) : 0
  return errorAt(
    { file, line: line + 1 },
    'the front matter cannot be read',
    message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? message,
    'mend the YAML; indent with spaces, and put texts with special characters in quotes',
  )
}

function markLine(mark: unknown): number {
  if (typeof mark !== 'object' || mark === null || !('line' in mark)) return 0
  return typeof mark.line === 'number' ? mark.line : 0
}
