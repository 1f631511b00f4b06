import { type EndedAction, endedActions, isEndedAction } from '../api/ended-send.ts'
import { MailshotError } from '../error.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { type SendDesk, serverOption, withDesk } from './send-desk.ts'
import { sendView } from './send-view.ts'
import { printList } from './table.ts'

const options = {
  trash: { type: 'boolean', about: 'list: what is in the trash.' },
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
  ...serverOption,
} as const

type SendsCall = Call<typeof options>

const acts: Record<EndedAction, { question?: string; done: string }> = {
  archive: {
    question:
      'Delete who got it and what was reported of them, and keep what was counted? What is still reported of its bounces counts no more.',
    done: 'its details are gone',
  },
  trash: { done: 'in the trash, which is emptied after 30 days' },
  restore: { done: 'out of the trash' },
}

export const sends = defineCommand({
  usage: [
    'sends [list] [--trash] [--server URL]',
    'sends archive <send> [--server URL]',
    'sends trash <send> [--server URL]',
    'sends restore <send> [--server URL]',
  ],
  takes: ([action = 'list']) => (action === 'list' ? 1 : 2),
  about:
    'Sends that have ended. "archive" deletes who got one and what was reported of them, and keeps what was counted. "trash"\n' +
    'takes one out of the lists; after 30 days its details and counters are deleted, "restore" takes it back until then. That it\n' +
    'was sent stays known: its trigger mails nobody again, and its links lead on. With --server the token needs the scope people.',
  options,
  examples: [
    ['mailshot sends --trash', 'what is in the trash'],
    ['mailshot sends archive 2026-06-launch', 'the latest send of that campaign'],
  ],
  run: (call) => withDesk(call, (desk) => run(call, desk)),
})

async function run(call: SendsCall, desk: SendDesk): Promise<ExitCode> {
  const { values, positionals, terminal } = call
  const [action = 'list', name] = positionals
  const view = sendView(desk.config)
  if (action === 'list') {
    const found = values.trash ? await desk.listTrash() : await desk.list()
    const empty = values.trash ? 'The trash is empty.' : 'There is no send, or it is in the trash.'
    printList(terminal, found, { ...view, empty })
    return exitCodes.done
  }
  if (!isEndedAction(action)) {
    const known = ['list', ...endedActions].join(', ')
    throw new MailshotError(`sends: "${action}" is not known; say one of ${known}`)
  }
  if (name === undefined) throw new MailshotError(`sends ${action}: which send? Its id, or a slug`)
  const { question, done } = acts[action]
  if (question && terminal.interactive && !values.yes) {
    if (!(await terminal.confirm(question))) return exitCodes.wrongRequest
  }
  const send = await desk.putAway(action, name)
  if (terminal.json) terminal.printJson(view.json(send))
  else terminal.print(`${send.slug} (${send.id}): ${done}`)
  return exitCodes.done
}
