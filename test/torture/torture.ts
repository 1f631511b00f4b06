// `npm run torture`: kills, stops and cuts a send of 20,000, and counts at the receiving side what came of it.
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { TortureOptions } from './plan.ts'
import { violationsOf } from './coverage.ts'
import { tableOf } from './print.ts'
import { torture } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    recipients: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '100' },
    workers: { type: 'string', default: '4' },
    cuts: { type: 'string', default: '4' },
    stops: { type: 'string', default: '6' },
    locks: { type: 'string', default: '1' },
    steers: { type: 'string', default: '6' },
    settles: { type: 'string', default: '4' },
    cancels: { type: 'string', default: '2' },
    rests: { type: 'string', default: '2' },
    remote: { type: 'boolean', default: false },
    'no-server': { type: 'boolean', default: false },
  },
})

const options: TortureOptions = {
  seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : numberOf('seed'),
  recipients: numberOf('recipients'),
  kills: numberOf('kills'),
  workers: numberOf('workers'),
  cuts: numberOf('cuts'),
  stops: numberOf('stops'),
  locks: numberOf('locks'),
  lockMs: 30_000,
  steers: numberOf('steers'),
  settles: numberOf('settles'),
  cancels: numberOf('cancels'),
  rests: numberOf('rests'),
  remote: values.remote,
  server: !values['no-server'],
}

console.error(`npm run torture -- --seed ${options.seed}${options.remote ? ' --remote' : ''}`)
const result = await torture(options, (line) => console.error(line))
const violations = violationsOf(options, result)
console.log(tableOf(options, result))
if (violations.length === 0) {
  rmSync(result.folder, { recursive: true, force: true })
} else {
  console.error(`\n${violations.length} violations:\n- ${violations.join('\n- ')}`)
  console.error(`\nThe database, the book and what each process wrote are in ${result.folder}`)
  process.exitCode = 1
}

function numberOf(name: Exclude<keyof typeof values, 'no-server' | 'remote'>): number {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number >= 0) return number
  console.error(`--${name} ${values[name]}: that is no whole number`)
  process.exit(1)
}
