import { paint, printable } from './terminal.ts'

const segmenter = new Intl.Segmenter()

/** Rows under a bold heading, in columns as wide as their content; numbers stand to the right. */
export function table(heading: readonly string[], rows: readonly (string | number)[][]): string {
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
