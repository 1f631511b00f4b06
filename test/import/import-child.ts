// A process of its own that imports into the database named on its command line, to be killed on the way.
import { defineConfig } from '../../integrations/mailshot/config.ts'
import { importSubscribers } from '../../integrations/mailshot/import.ts'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { manyRows } from './many-rows.ts'
import { rowsFrom } from './state.ts'

const [, , database = ''] = process.argv
const config = defineConfig({
  site: 'https://example.org',
  title: 'News',
  from: 'news@example.org',
  postalAddress: '1 Main Street',
  database,
  lists: { weekly: { title: 'Weekly' } },
  transport: memory(),
})
const mailshot = await openMailshot(config)
await importSubscribers(mailshot, rowsFrom([...manyRows()]), {
  actor: 'child',
  onProgress: ({ read }) => console.log(read),
})
await mailshot.close()
