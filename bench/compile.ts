// How long 50 campaigns take to be compiled and checked, by one process from its start, with photographs that they share,
// and with one for each: `npm run bench:compile`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeCampaigns } from './compile/campaigns.ts'
import { type Measured, measure } from './measure.ts'
import { median, shown } from './rounds.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const folder = mkdtempSync(join(tmpdir(), 'mailshot-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

interface Variant {
  name: string
  campaigns: string
  runs: (Measured & { compiling: number })[]
}

const variants: Variant[] = [
  { name: '12 photographs', campaigns: await written(12), runs: [] },
  { name: '50 photographs', campaigns: await written(50), runs: [] },
]
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { campaigns, runs } of variants) runs.push(await run(campaigns))
}
console.log('\n| 50 campaigns | seconds | with the start | CPU | peak memory |')
console.log('| --- | --- | --- | --- | --- |')
for (const { name, runs } of variants) {
  const of = (pick: (run: Variant['runs'][number]) => number) => shown(median(runs.map(pick)))
  console.log(
    `| ${name} | ${of(({ compiling }) => compiling)} | ${of(({ seconds }) => seconds)} | ` +
      `${of(({ cpuSeconds }) => cpuSeconds)} | ${of(({ peakMegabytes }) => peakMegabytes)} MB |`,
  )
}

async function written(photographs: number): Promise<string> {
  const campaigns = join(folder, `with-${photographs}`)
  await writeCampaigns(campaigns, photographs)
  return campaigns
}

async function run(campaigns: string): Promise<Variant['runs'][number]> {
  const script = fileURLToPath(new URL('compile/run.ts', import.meta.url))
  const measured = await measure(process.execPath, [script, campaigns])
  const { campaigns: count, problems, seconds } = JSON.parse(measured.out)
  // A campaign with a mistake is not tried out, which would be cheaper.
  if (count !== 50 || problems.length > 0) throw new Error(`not all is well: ${measured.out}`)
  return { ...measured, compiling: seconds }
}
