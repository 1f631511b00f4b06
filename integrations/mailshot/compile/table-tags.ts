/**
 * Which lines of Markdown hold block tags amid the rows of a table, as their numbers from 0. `tagsOf` gives the tags of a
 * line that holds nothing else. Only blocks that begin and end in the table belong to it; others stand around it.
 */
export function tableTagLines(
  lines: readonly string[],
  tagsOf: (line: string) => string[] | undefined,
): Set<number> {
  const found = new Set<number>()
  for (let start = 1; start < lines.length; start += 1) {
    if (!delimiterRow.test(lines[start] ?? '') || !hasCells(lines[start - 1])) continue
    const end = endOfRows(lines, start + 1, tagsOf)
    for (let row = start + 1; row < end; row += 1) if (tagsOf(lines[row] ?? '')) found.add(row)
  }
  return found
}

const delimiterRow = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/

function hasCells(line = ''): boolean {
  return line.includes('|')
}

/** The line behind the last row: a blank one, or that of a tag whose block begins or ends outside the table. */
function endOfRows(
  lines: readonly string[],
  from: number,
  tagsOf: (line: string) => string[] | undefined,
): number {
  const open: number[] = []
  let at = from
  for (; at < lines.length && lines[at]?.trim() !== ''; at += 1) {
    const tags = tagsOf(lines[at] ?? '')
    // No row, though GitHub would take it for one.
    if (!tags && open.length > 0 && !hasCells(lines[at])) break
    for (const tag of tags ?? []) {
      if (/^(?:if|unless|case|for)\b/.test(tag)) open.push(at)
      else if (tag.startsWith('end') && open.pop() === undefined) return at
    }
  }
  return open[0] ?? at
}
