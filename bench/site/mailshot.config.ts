// The site whose mails the benches send; what differs between runs comes from the environment.
import { readFileSync } from 'node:fs'
import { defineConfig } from '../../integrations/mailshot/config.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { smtp } from '../../integrations/mailshot/transports/smtp.ts'

const {
  BENCH_CAMPAIGNS = 'campaigns',
  BENCH_CA,
  BENCH_CONNECTIONS = '16',
  BENCH_DKIM_KEY,
  BENCH_MAILJET,
  BENCH_PORT = '1',
  BENCH_SITE = 'https://news.example.org',
  BENCH_TLS,
} = process.env

export default defineConfig({
  site: BENCH_SITE,
  title: 'Les Nouvelles',
  from: 'Rédaction <redac@example.org>',
  postalAddress: '1 rue du Port, 31000 Toulouse',
  lang: 'fr',
  timeZone: 'Europe/Paris',
  campaigns: BENCH_CAMPAIGNS,
  lists: { weekly: { title: 'Hebdo de l’été' } },
  fields: { firstname: {}, lastname: {}, city: {}, plan: {}, since: {} },
  transport: BENCH_MAILJET ? byMailjet(BENCH_MAILJET) : bySmtp(),
  pace: 'fast',
})

function bySmtp() {
  return smtp({
    host: '127.0.0.1',
    port: Number(BENCH_PORT),
    name: 'bench.example.org',
    connections: Number(BENCH_CONNECTIONS),
    tls: BENCH_TLS === 'implicit' ? 'implicit' : 'none',
    ...(BENCH_CA && { ca: readFileSync(BENCH_CA, 'utf8') }),
    ...(BENCH_DKIM_KEY && {
      dkim: {
        domain: 'example.org',
        selector: 'bench',
        privateKey: readFileSync(BENCH_DKIM_KEY, 'utf8'),
      },
    }),
  })
}

/** Its keys come from the environment. */
function byMailjet(endpoint: string) {
  return mailjet({ endpoint, calls: 4 })
}
