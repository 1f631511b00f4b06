import { importHistory } from '../../integrations/mailshot/import/history.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import { importSuppressions } from '../../integrations/mailshot/suppression/import.ts'
import { bytesOf } from '../sources/table-rows.ts'
import { manyRows } from './many-rows.ts'

/** All that a system knows, as the command line brings it in; `onStep` is told after each slice. */
export async function importManyRows(
  mailshot: Mailshot,
  onStep: (step: 'people' | 'sent', read: number) => void = () => {},
): Promise<void> {
  const actor = 'test'
  const { suppressions, history, ...people } = spip(
    mysqlDump(bytesOf(manyRows()), { name: 'spip.sql' }),
  )
  const tell = (step: 'people' | 'sent') => ({
    onProgress: ({ read }: { read: number }) => onStep(step, read),
  })
  await importSubscribers(mailshot, people, { actor, ...tell('people') })
  if (suppressions) await importSuppressions(mailshot, suppressions, { actor })
  if (history) await importHistory(mailshot, history, { actor, ...tell('sent') })
}
