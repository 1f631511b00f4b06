// A process that imports a CSV file and prints the seconds it took: node run.ts <database> <file>
import { keepHeapSmall } from '../../integrations/mailshot/cli/small-heap.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { csv } from '../../integrations/mailshot/sources/csv.ts'
import { configFor } from './config.ts'

keepHeapSmall()
const [database = '', file = ''] = process.argv.slice(2)
const mailshot = await openMailshot(configFor(database))
const started = performance.now()
const summary = await importSubscribers(mailshot, csv(file, { fields: ['city'] }), {
  actor: 'bench',
})
const seconds = (performance.now() - started) / 1000
await mailshot.close()
if (summary.created !== summary.read) throw new Error('not all rows came in')
console.log(seconds)
