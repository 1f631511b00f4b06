import { jsonl } from '../../integrations/mailshot/sources/jsonl.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf } from './table-rows.ts'

describeImportSource('jsonl', () => jsonl(bytesOf(`${people.join('\n')}\n`), { name: 'x.jsonl' }))

const people = [
  `{"email":"Zoe@Example.org","name":"Zoé \\"Z\\" Martin","lang":"fr","attributes":{"city":"Aix"},"subscriptions":[${[
    '{"list":"weekly","status":"active","activeAt":"2026-01-31T00:00:00.000Z"}',
    '{"list":"product","status":"active","activeAt":1769817600000}',
  ].join()}]}`,
  '{"email":"broken@example.org","lists":["weekly"',
  '{"email":"bob@example.org","name":"Bob","lang":"en","lists":["weekly"],"status":"unsubscribed"}',
  '{"email":"eve@example.org","lang":"en","lists":["product"],"status":"pending","attributes":{"city":"Lyon"}}',
]
