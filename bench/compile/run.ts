// One process that compiles and checks the campaigns of a folder: started by bench/compile.ts.
import { checkCampaigns } from '../../integrations/mailshot/check.ts'
import { defineConfig } from '../../integrations/mailshot/config.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'

const config = defineConfig({
  site: 'https://news.example.org',
  title: 'Les Nouvelles',
  from: 'news@example.org',
  postalAddress: '1 rue du Port, 31000 Toulouse',
  lang: 'fr',
  lists: { weekly: { title: 'Hebdo' } },
  fields: { city: { type: 'text' }, plan: { type: 'choice', choices: ['free', 'pro'] } },
  transport: memory(),
  campaigns: process.argv[2] ?? '',
})
const started = performance.now()
const results = await checkCampaigns(config)
const seconds = (performance.now() - started) / 1000
const problems = results.flatMap((result) => result.problems)
console.log(JSON.stringify({ campaigns: results.length, problems, seconds }))
