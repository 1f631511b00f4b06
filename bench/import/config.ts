import { defineConfig } from '../../integrations/mailshot/config.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'

export function configFor(database: string) {
  return defineConfig({
    site: 'https://example.org',
    title: 'News',
    from: 'news@example.org',
    postalAddress: '1 High Street',
    database,
    secret: 'a-secret-for-benches-of-at-least-32-characters',
    lists: { weekly: { title: 'Weekly' } },
    fields: { city: {} },
    transport: memory(),
  })
}
