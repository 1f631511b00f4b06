import type { Mailshot } from '../mailshot.ts'
import { listSends, readSend, type Send } from '../send.ts'
import { sendNamed } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatDuration, formatTime } from './format.ts'
import { followSends, isOpen } from './progress.ts'
import { withMailshot } from './project.ts'
import { sendView } from './send-view.ts'
import { stopSignal } from './signals.ts'
import { printList } from './table.ts'

const options = {
  watch: { type: 'boolean', short: 'w', about: 'Stay, and show the progress until it ends.' },
} as const

export const status = defineCommand({
  usage: ['status [--watch]', 'status <send> [--watch]'],
  takes: 1,
  about:
    'Without a name: all sends, newest first. With one (its id, or the slug of its campaign for the latest): how far\n' +
    'it is, how many got it, and why it stands still if it does.',
  options,
  examples: [
    ['mailshot status 2026-06-launch --watch', 'a progress bar with the rate and the time left'],
    ['mailshot status --json | jq .slug', 'one line of JSON a send'],
  ],
  run: (call) =>
    withMailshot(call.values, async (mailshot) => {
      if (mailshot.held) call.terminal.warn(`Nothing is being sent: ${mailshot.held}`)
      const name = call.positionals[0]
      const send = name === undefined ? undefined : await sendNamed(mailshot, [name])
      if (call.values.watch) await watch(call, mailshot, send)
      if (send) return showOne(call, mailshot, await readSend(mailshot, send.id))
      printList(call.terminal, await listSends(mailshot), sendView(mailshot.config))
      return exitCodes.done
    }),
})

async function watch(
  { terminal }: Call<typeof options>,
  mailshot: Mailshot,
  send: Send | undefined,
): Promise<void> {
  const { signal, release } = stopSignal()
  await followSends(mailshot, terminal, { ...(send && { id: send.id }), signal, until: haveEnded })
  release()
}

function haveEnded(sends: readonly Send[]): boolean {
  return !sends.some(isOpen)
}

function showOne({ terminal }: Call<typeof options>, mailshot: Mailshot, send: Send): ExitCode {
  if (terminal.json) {
    terminal.printJson(sendView(mailshot.config).json(send))
    return exitCodes.done
  }
  const time = (ms: number | null) => formatTime(ms, mailshot.config.timeZone)
  const lines: [string, string | number | null][] = [
    ['campaign', send.slug],
    ['send', send.id],
    ['status', send.reason ? `${send.status}: ${send.reason}` : send.status],
    ['lists', send.onlyTo ? `only ${send.onlyTo}` : send.lists.join(', ')],
    ['content', `${send.contentHash.slice(0, 12)}${commitOf(send)}`],
    ['planned', time(send.scheduledAt)],
    ['started', time(send.startedAt)],
    ['ended', time(send.finishedAt) + took(send)],
    ['recipients', send.frozenAt === null ? 'not frozen yet' : send.total],
    ['sent', send.sent],
    ['remaining', send.remaining],
    ['failed', send.failed],
    ['skipped', send.skipped],
    ['cancelled', send.cancelled],
    ['uncertain', send.uncertain],
  ]
  const told = lines.filter(([, value]) => value !== '' && value !== 0)
  terminal.print(told.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n'))
  return exitCodes.done
}

function commitOf({ gitCommit }: Send): string {
  return gitCommit ? `, commit ${gitCommit.slice(0, 12)}` : ''
}

function took({ startedAt, finishedAt }: Send): string {
  if (startedAt === null || finishedAt === null) return ''
  return ` (after ${formatDuration(finishedAt - startedAt)})`
}
