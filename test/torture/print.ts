import type { Account } from './account.ts'
import type { Result } from './run.ts'
import { cutSteps } from './orders.ts'
import type { TortureOptions } from './plan.ts'

/** The table of a run, in Markdown; figures are counted at the receiving side unless they say otherwise. */
export function tableOf(options: TortureOptions, { account, verdict, seconds }: Result): string {
  const { deaths, stops, ends, byHand } = account
  const killed = (kind: 'worker' | 'server') => deaths.filter((one) => one.kind === kind).length
  const sum = (count: (death: (typeof deaths)[number]) => number) =>
    deaths.reduce((total, death) => total + count(death), 0)
  const hit = (count: (death: (typeof deaths)[number]) => number) =>
    `${deaths.filter((death) => count(death) > 0).length} kills, ${sum(count)} recipients`
  const slowest = Math.max(0, ...ends)
  return table([
    ['seed', options.seed],
    ['recipients', verdict.recipients],
    ['database', options.remote ? 'a server, 20 ms away, over a bad network' : 'a file'],
    ['processes mailing at once', `1 to ${account.mostWorkers}`],
    ['killed by SIGKILL', `${killed('worker')} workers, ${killed('server')} servers`],
    ['… while freezing', deaths.filter(({ inFreeze }) => inFreeze).length],
    ['… with mails on the wire', hit(({ inFlight }) => inFlight)],
    ['… with answers not yet written down', hit(({ inSettle }) => inSettle)],
    ['… most in hand of one process', Math.max(0, ...deaths.map(({ inHand }) => inHand))],
    ['stopped past the lease and woken', stops.length],
    [
      '… with a write under way, so that nobody took over',
      stops.filter((stop) => !stop.isTakenOver).length,
    ],
    ['ended by SIGTERM', `${ends.length}, the slowest in ${(slowest / 1000).toFixed(1)} s`],
    [
      'connections cut',
      cutSteps.map((step) => `${step} ${account.cuts.get(step) ?? 0}`).join(', '),
    ],
    [
      options.remote ? 'database gone' : 'database locked by another process',
      `${account.locks} times for ${options.lockMs / 1000} s`,
    ],
    ['mail server away, and the rests not lifted', restsOf(account)],
    ['paused and resumed', account.pauses],
    ['triggered again', account.triggers],
    ['cancelled, and started again for the rest', byHand.cancels],
    [
      "settled by the server's book",
      `${byHand.settledAsSent} as sent; ${byHand.settledAsFailed} as failed, and mailed again`,
    ],
    ['mailed once more by wish', `${byHand.resentUncertain.length} of the uncertain`],
    ['mails accepted', verdict.accepted],
    ['**lost**', `**${verdict.lost.length}**`],
    ['**doubled**', `**${verdict.doubled.length}**`],
    ['sent', verdict.sent],
    ['uncertain', `${verdict.uncertain}, of which ${verdict.uncertainAccepted} had arrived`],
    ['seconds', Math.round(seconds)],
  ])
}

function restsOf({ rests }: Account): string {
  const seconds = rests.map((ms) => `${Math.round(ms / 1000)} s`).join(', ')
  return rests.length === 0 ? '0' : `${rests.length}: ${seconds}`
}

function table(rows: [string, string | number][]): string {
  const texts = rows.map(([name, value]) => [name, String(value)] as const)
  const widths = [0, 1].map((at) => Math.max(...texts.map((row) => row[at as 0 | 1].length)))
  const line = (cells: readonly [string, string]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(['', '']), rule, ...texts.map(line)].join('\n')
}
