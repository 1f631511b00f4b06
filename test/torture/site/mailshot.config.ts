import { defineConfig } from 'astro-mailshot/config'
import { smtp } from 'astro-mailshot/transports/smtp'

const { SMTP_PORT, WORKER_NAME } = process.env

/** The settings of every process that is killed: the shortest lease, and no limit but the server's speed. */
export default defineConfig({
  site: 'https://torture.example',
  title: 'Torture',
  from: 'Torture <news@torture.example>',
  operator: 'operator@torture.example',
  postalAddress: '1 rue du Port, 31000 Toulouse',
  // Every process runs in the root of the repository, where the package is found by its name.
  campaigns: 'test/torture/site/campaigns',
  lists: { weekly: { title: 'Weekly' }, others: { title: 'Others' } },
  // The server's book says by this name which process a mail came from.
  transport: smtp({
    host: '127.0.0.1',
    port: Number(SMTP_PORT ?? 1),
    tls: 'none',
    name: WORKER_NAME ?? 'nobody',
  }),
  pace: 'fast',
  leaseSeconds: 5,
})
