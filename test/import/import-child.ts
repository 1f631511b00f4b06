// A process of its own that imports into the database named on its command line, to be killed on the way.
import { defineConfig } from '../../integrations/mailshot/config.ts'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { importManyRows } from './import-many-rows.ts'

const [, , database = ''] = process.argv
const config = defineConfig({
  site: 'https://example.org',
  title: 'News',
  from: 'news@example.org',
  postalAddress: '1 Main Street',
  database,
  lang: 'fr',
  lists: { weekly: { title: 'Weekly' } },
  transport: memory(),
})
const mailshot = await openMailshot(config)
await importManyRows(mailshot, (step, read) => console.log(step, read))
await mailshot.close()
