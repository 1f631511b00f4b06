import type { ShownSend } from '../send/json.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatDuration, formatTime } from './format.ts'
import { followSends, isOpen } from './progress.ts'
import { type SendDesk, serverOption, warnIfHeld, withDesk } from './send-desk.ts'
import { sendView } from './send-view.ts'
import { stopSignal } from './signals.ts'
import { printList } from './table.ts'

const options = {
  watch: { type: 'boolean', short: 'w', about: 'Stay, and show the progress until it ends.' },
  ...serverOption,
} as const

export const status = defineCommand({
  usage: ['status [--watch] [--server URL]', 'status <send> [--watch] [--server URL]'],
  takes: 1,
  about:
    'Without a name: all sends, newest first. With one (its id, or the slug of its campaign for the latest): how far\n' +
    'it is, how many got it, and why it stands still if it does.',
  options,
  examples: [
    ['mailshot status 2026-06-launch --watch', 'a progress bar with the rate and the time left'],
    ['mailshot status --json | jq .slug', 'one line of JSON a send'],
    ['mailshot status --server https://example.org', 'of the running site, from anywhere'],
  ],
  run: (call) => withDesk(call, (desk) => show(call, desk)),
})

type StatusCall = Call<typeof options>

async function show(call: StatusCall, desk: SendDesk): Promise<ExitCode> {
  const { values, positionals, terminal } = call
  const [name] = positionals
  const send = name === undefined ? undefined : await desk.read(name)
  const sends = send ? [] : await desk.list()
  warnIfHeld(desk, terminal)
  if (values.watch) await watch(call, desk, send)
  if (send) return showOne(call, desk, values.watch ? await desk.read(send.id) : send)
  printList(terminal, values.watch ? await desk.list() : sends, sendView(desk.config))
  return exitCodes.done
}

async function watch(
  { terminal }: StatusCall,
  desk: SendDesk,
  send: ShownSend | undefined,
): Promise<void> {
  const { signal, release } = stopSignal()
  await followSends(desk, terminal, { ...(send && { id: send.id }), signal, until: haveEnded })
  release()
}

function haveEnded(sends: readonly ShownSend[]): boolean {
  return !sends.some(isOpen)
}

function showOne({ terminal }: StatusCall, { config }: SendDesk, send: ShownSend): ExitCode {
  if (terminal.json) {
    terminal.printJson(sendView(config).json(send))
    return exitCodes.done
  }
  const time = (ms: number | null) => formatTime(ms, config.timeZone)
  const lines: [string, string | number | null][] = [
    ['campaign', send.slug],
    ['send', send.id],
    ['status', send.reason ? `${send.status}: ${send.reason}` : send.status],
    ['lists', send.onlyTo ? `only ${send.onlyTo}` : send.lists.join(', ')],
    ['segment', send.segment],
    ...send.exclude.map((one): [string, string] => ['without', one]),
    ['content', `${send.contentHash.slice(0, 12)}${commitOf(send)}`],
    ...(send.waiting ?? []).map(({ reason, until }): [string, string] => [
      'waits',
      until === null ? reason : `${reason} (until ${time(until)})`,
    ]),
    [
      'planned',
      send.localTime ? `${send.localTime.slice(0, 16)} of each reader` : time(send.scheduledAt),
    ],
    ['until', time(send.until)],
    ['started', time(send.startedAt)],
    ['ended', time(send.finishedAt) + took(send)],
    ['recipients', send.frozenAt === null ? 'not frozen yet' : send.total],
    ['sent', send.sent],
    ...(send.transports ?? []).map(({ name, sent }): [string, string] => [
      '',
      `${sent} by ${name}`,
    ]),
    ['remaining', send.remaining],
    ['failed', send.failed],
    ['skipped', send.skipped],
    ['cancelled', send.cancelled],
    ['uncertain', send.uncertain],
  ]
  const told = lines.filter(([, value]) => value !== '' && value !== 0 && value !== null)
  terminal.print(told.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n'))
  return exitCodes.done
}

function commitOf({ gitCommit }: ShownSend): string {
  return gitCommit ? `, commit ${gitCommit.slice(0, 12)}` : ''
}

function took({ startedAt, finishedAt }: ShownSend): string {
  if (startedAt === null || finishedAt === null) return ''
  return ` (after ${formatDuration(finishedAt - startedAt)})`
}
