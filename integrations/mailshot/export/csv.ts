import { protectFormula } from '../sources/csv/formula.ts'

/** One line of CSV (RFC 4180), with its end. Objects are written as JSON; nothing is an empty field, and an empty text one in quotes. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvField).join(',')}\r\n`
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  // A spreadsheet is to see that it is one.
  if (typeof value === 'number') return String(value)
  const text = protectFormula(typeof value === 'string' ? value : JSON.stringify(value))
  return text === '' || /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
