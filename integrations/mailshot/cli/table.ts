import { paint, printable, type Terminal } from './terminal.ts'

const segmenter = new Intl.Segmenter()

/** How a row of a list is shown to people and to programs. */
export interface View<Row> {
  heading: readonly string[]
  cells: (row: Row) => (string | number)[]
  json: (row: Row) => unknown
  /** What is said to people when there is no row. */
  empty: string
}

/** Prints a list: a table, or a line of JSON each. */
export function printList<Row>(terminal: Terminal, rows: readonly Row[], view: View<Row>): void {
  if (terminal.json) for (const row of rows) terminal.printJson(view.json(row))
  else if (rows.length > 0) terminal.print(table(view.heading, rows.map(view.cells)))
  else terminal.note(view.empty)
}

// Rows under a bold heading, in columns as wide as their content; numbers stand to the right.
function table(heading: readonly string[], rows: readonly (string | number)[][]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell : printable(cell))),
  )
  const widths = heading.map((title, column) =>
    Math.max(width(title), ...cells.map((row) => width(`${row[column] ?? ''}`))),
  )
  const numeric = heading.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const line = (row: readonly (string | number)[]) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - width(`${cell}`))
        return numeric[column] ? `${space}${cell}` : `${cell}${space}`
      })
      .join('  ')
      .trimEnd()
  return [paint('bold', line(heading)), ...cells.map(line)].join('\n')
}

function width(text: string): number {
  let count = 0
  for (const { segment } of segmenter.segment(text)) {
    count +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u.test(
        segment,
      )
        ? 2
        : 1
  }
  return count
}
