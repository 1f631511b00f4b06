import { deliver, type DeliverReport } from '../deliver.ts'
import { openLog } from '../log.ts'
import type { Mailshot } from '../mailshot.ts'
import type { ShownSend } from '../send/json.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { followDuring } from './progress.ts'
import { withMailshot } from './project.ts'
import { stopSignal } from './signals.ts'

const options = {
  'until-done': {
    type: 'boolean',
    about: 'End when nothing is left to mail, instead of waiting for more.',
  },
} as const

export const deliverCommand = defineCommand({
  usage: ['deliver [--until-done]'],
  takes: 0,
  about:
    'A worker: mails what is waiting, at the pace of the settings, letters first. The site runs one by itself; this is\n' +
    'one more, or one in its place (MAILSHOT_SENDER=off). Any number may run at once: nobody gets a mail twice. Ctrl-C,\n' +
    'SIGTERM and SIGHUP end it cleanly: what is in hand is finished, the rest is given back.',
  options,
  examples: [
    ['mailshot deliver --until-done', 'mails all that is due, with a progress bar, and ends'],
    ['mailshot deliver', 'stays, as a service (systemd, container)'],
  ],
  exit: {
    [exitCodes.failed]: 'with --until-done: some failed, or are uncertain, or a send paused itself',
  },
  run: (call) =>
    withMailshot(call.values, (mailshot) => work(call, mailshot), {
      log: openLog(call.terminal.live || call.terminal.quiet ? 'warn' : 'info'),
    }),
})

async function work(
  { values, terminal }: Call<typeof options>,
  mailshot: Mailshot,
): Promise<ExitCode> {
  const { signal, release } = stopSignal(() => terminal.note('\nFinishing what is in hand …'))
  const untilDone = values['until-done'] === true
  if (!untilDone) terminal.note('Mailing what is due; Ctrl-C ends it.')
  try {
    const { result, sends } = await followDuring(mailshot, terminal, () =>
      deliver(mailshot, { signal, untilDone }),
    )
    const stuck = sends.filter(hasPausedItself)
    if (terminal.json) terminal.printJson(result)
    else terminal.print(summary(result))
    const bad = result.failed + result.uncertain + stuck.length
    return untilDone && bad > 0 ? exitCodes.failed : exitCodes.done
  } finally {
    release()
  }
}

function hasPausedItself({ status, reason }: ShownSend): boolean {
  // An operator's own reason may follow: `operator: a wrong price`.
  return status === 'paused' && !/^operator\b/.test(reason ?? '')
}

function summary(result: DeliverReport): string {
  const parts = [`${count(result.sent, 'mail')} sent`]
  if (result.failed > 0) parts.push(`${result.failed} failed`)
  if (result.uncertain > 0) {
    parts.push(`${result.uncertain} uncertain (mailshot recipients <send> --status uncertain)`)
  }
  const letters = result.letters > 0 ? `; ${count(result.letters, 'letter')} tried` : ''
  return parts.join(', ') + letters
}
