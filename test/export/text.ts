import { type ExportOptions, openExport } from '../../integrations/mailshot/export.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'

/** One kind of what the database holds now, a page at a time. */
export async function* exportText(
  mailshot: Mailshot,
  options: ExportOptions,
): AsyncGenerator<string> {
  const opened = openExport(mailshot)
  try {
    yield* opened.text(options)
  } finally {
    opened.close()
  }
}
