import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { listSends, type Send } from '../send.ts'
import { listTrash } from '../send/read.ts'
import { archiveSend, restoreSend, trashSend } from '../send/trash.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { actor, withMailshot } from './project.ts'
import { sendView } from './send-view.ts'
import { printList } from './table.ts'

const options = {
  trash: { type: 'boolean', about: 'list: what is in the trash.' },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
} as const

type SendsCall = Call<typeof options>

const acts: Record<string, { act: typeof trashSend; question?: string; done: string }> = {
  archive: {
    act: archiveSend,
    question: 'Delete who got it and what was reported of them, and keep what was counted?',
    done: 'its details are gone',
  },
  trash: { act: trashSend, done: 'in the trash, which is emptied after 30 days' },
  restore: { act: restoreSend, done: 'out of the trash' },
}

export const sends = defineCommand({
  usage: [
    'sends [list] [--trash]',
    'sends archive <send>',
    'sends trash <send>',
    'sends restore <send>',
  ],
  takes: ([action = 'list']) => (action === 'list' ? 1 : 2),
  about:
    'Sends that have ended. "archive" deletes who got one and what was reported of them, and keeps what was counted. "trash"\n' +
    'takes one out of the lists; after 30 days its details and counters are deleted, "restore" takes it back until then. That it\n' +
    'was sent stays known: its trigger mails nobody again, and its links lead on.',
  options,
  examples: [
    ['mailshot sends --trash', 'what is in the trash'],
    ['mailshot sends archive 2026-06-launch', 'the latest send of that campaign'],
  ],
  run: (call) => withMailshot(call.values, (mailshot) => run(call, mailshot)),
})

async function run(call: SendsCall, mailshot: Mailshot): Promise<ExitCode> {
  const { values, positionals, terminal } = call
  const [action = 'list', name] = positionals
  const view = sendView(mailshot.config)
  if (action === 'list') {
    const found = values.trash ? await listTrash(mailshot) : await listSends(mailshot)
    printList(terminal, found, values.trash ? { ...view, empty: 'The trash is empty.' } : view)
    return exitCodes.done
  }
  const chosen = Object.hasOwn(acts, action) ? acts[action] : undefined
  if (!chosen) {
    const known = ['list', ...Object.keys(acts)].join(', ')
    throw new MailshotError(`sends: "${action}" is not known; say one of ${known}`)
  }
  if (name === undefined) throw new MailshotError(`sends ${action}: which send? Its id, or a slug`)
  if (chosen.question && terminal.interactive && !values.yes) {
    if (!(await terminal.confirm(chosen.question))) return exitCodes.wrongRequest
  }
  return show(call, mailshot, {
    send: await chosen.act(mailshot, name, { actor: actor() }),
    done: chosen.done,
  })
}

function show(
  { terminal }: SendsCall,
  { config }: Mailshot,
  { send, done }: { send: Send; done: string },
): ExitCode {
  if (terminal.json) terminal.printJson(sendView(config).json(send))
  else terminal.print(`${send.slug} (${send.id}): ${done}`)
  return exitCodes.done
}
