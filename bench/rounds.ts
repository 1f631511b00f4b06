/** One run of one variant. */
export interface Run {
  mails: number
  /** From the first mail to the last; what comes before is `startSeconds`. */
  seconds: number
  startSeconds?: number
  cpuSeconds?: number
  sinkCpuSeconds?: number
  peakMegabytes?: number
}

export interface Variant {
  name: string
  run(): Promise<Run>
}

/** The runs of each variant, by round. */
export type Runs = Record<string, Run[]>

/**
 * Runs all variants in turn, again and again: A B A B. A machine that grows faster or slower meanwhile does so for all of
 * them, and what is compared was measured within the same minute.
 */
export async function interleave(variants: readonly Variant[], rounds: number): Promise<Runs> {
  const runs: Runs = Object.fromEntries(variants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of variants) runs[name]?.push(await run())
  }
  return runs
}

/** Prints medians of each variant as a Markdown table, with the range of its rates. */
export function printRuns(runs: Runs): void {
  console.log('\n| variant | mails a second | CPU a mail | of the sink | peak memory | start |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const [name, all] of Object.entries(runs)) {
    const rates = all.map(rateOf).toSorted((a, b) => a - b)
    const range = `[${shown(rates[0] ?? 0)}–${shown(rates.at(-1) ?? 0)}]`
    const micros = (pick: (run: Run) => number | undefined) =>
      column(all, (run) => perMail(pick(run), run), 'µs')
    const cells = [
      name,
      `${shown(median(rates))} ${range}`,
      micros((run) => run.cpuSeconds),
      micros((run) => run.sinkCpuSeconds),
      column(all, (run) => run.peakMegabytes, 'MB'),
      column(all, (run) => run.startSeconds && run.startSeconds * 1000, 'ms'),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
  console.log('')
}

/** How many times as fast one variant was as another: the median of the rounds' own ratios, and their range. */
export function ratioOf(runs: Runs, one: string, other: string): { median: number; text: string } {
  const ratios = (runs[one] ?? []).map((run, round) => {
    const against = runs[other]?.[round]
    return against ? rateOf(run) / rateOf(against) : 0
  })
  const sorted = ratios.toSorted((a, b) => a - b)
  const middle = median(sorted)
  const range = `[${shown(sorted[0] ?? 0)}–${shown(sorted.at(-1) ?? 0)}]`
  return { median: middle, text: `${shown(middle)} ${range}` }
}

/** The median rate of a variant, in mails a second. */
export function medianRate(runs: Runs, name: string): number {
  return median((runs[name] ?? []).map(rateOf))
}

/** Says whether a bar is reached. Nothing fails by it: a busy machine is no fault of the code. */
export function printBar(what: string, value: { median: number; text: string }, bar: Bar): void {
  const isReached = 'atLeast' in bar ? value.median >= bar.atLeast : value.median <= bar.atMost
  const wanted = 'atLeast' in bar ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`
  console.log(`${isReached ? 'reached' : 'MISSED '}  ${what}: ${value.text} (bar: ${wanted})`)
}

export type Bar = { atLeast: number } | { atMost: number }

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}

export function rateOf(run: Run): number {
  return run.mails / run.seconds
}

function perMail(seconds: number | undefined, { mails }: Run): number | undefined {
  return seconds === undefined ? undefined : (seconds / mails) * 1e6
}

function column(runs: Run[], pick: (run: Run) => number | undefined, unit: string): string {
  const values = runs.map(pick).filter((value) => value !== undefined)
  return values.length === 0 ? '' : `${shown(median(values))} ${unit}`
}

/** Three digits are what a shared machine's figures are worth. */
export function shown(value: number): string {
  if (value === 0) return '0'
  return Number(value.toPrecision(3)).toLocaleString('en').replaceAll(',', ' ')
}
