import type { TableSource, TableValue } from '../../integrations/mailshot/sources/tables.ts'

/** The INSERTs of a dump: each table with its columns and rows. A row of the wrong length is written as it is. */
export function dumpOf(
  tables: Record<string, { columns: readonly string[]; rows: readonly (readonly TableValue[])[] }>,
): string {
  return Object.entries(tables)
    .map(([table, { columns, rows }]) => {
      const names = columns.map((column) => `\`${column}\``)
      if (rows.length === 0) return ''
      const values = rows.map((row) => `(${row.map(quoted).join(',')})`)
      const made = `CREATE TABLE \`${table}\` (\n${names.map((name) => `${name} text`).join(',\n')}\n);\n`
      return `${made}INSERT INTO \`${table}\` VALUES\n${values.join(',\n')};\n`
    })
    .join('')
}

/** The bytes of a text, once. */
export async function* bytesOf(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield Buffer.from(text)
}

export type { TableSource }

function quoted(value: TableValue): string {
  if (typeof value !== 'string') return String(value ?? 'NULL')
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}
