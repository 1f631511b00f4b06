import type { ShownSend } from '../send/json.ts'
import { requireSendName } from './arguments.ts'
import { type Call, type Command, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { count } from './format.ts'
import { type SendDesk, serverOption, type SteerAction, warnIfHeld, withDesk } from './send-desk.ts'
import { sendView } from './send-view.ts'

const options = {
  yes: { type: 'boolean', short: 'y', about: 'Do not ask.' },
  ...serverOption,
} as const

export const pause = steering({
  action: 'pause',
  usage: ['pause <send> [--server URL]'],
  about:
    'Stops a send for now: what is in hand is finished, nothing more is taken. <send> is its id, or the slug of its\n' +
    'campaign (the latest send of it).',
  examples: [
    ['mailshot pause 2026-06-launch', 'the latest send of that campaign'],
    ['mailshot pause 2026-06-launch --json', 'says as JSON what became of it'],
  ],
})

export const resume = steering({
  action: 'resume',
  usage: ['resume <send> [--server URL]'],
  about:
    'Lets a paused send go on where it stopped. Look at the reason first (mailshot status): a send that paused itself\n' +
    'because the mail server refused the login will do so again until that is mended. A mail server that rests (it\n' +
    'asked to wait, or could not be reached) is tried again at once, also where the send is not paused, and so is a\n' +
    'domain that rests or was slowed down. How far it was slowed stays: it recovers by itself. A send that was paused\n' +
    'because too much of it failed, came back or led to complaints goes on as seen: it pauses again for the same cause\n' +
    'only when that has got worse by half of the limit. Recipient domains that were held for it go on as well.',
  examples: [
    ['mailshot resume 2026-06-launch', 'the latest send of that campaign'],
    ['mailshot resume 2026-06-launch && mailshot deliver --until-done', 'and mail the rest here'],
  ],
})

export const cancel = steering({
  action: 'cancel',
  usage: ['cancel <send> [--server URL]'],
  about:
    'Ends a send for good: who is still waiting gets nothing. To correct a mistake: cancel, fix the campaign, then\n' +
    'mailshot send <slug> --again, which mails the correction only to those who have not got the first one.',
  examples: [
    ['mailshot cancel 2026-06-launch', 'asks, on a terminal'],
    ['mailshot cancel 2026-06-launch --yes', 'does not ask'],
  ],
  question: (send) => `Cancel ${send.slug} for the ${count(send.remaining, 'recipient')} left?`,
})

interface Steering {
  action: SteerAction
  usage: string[]
  about: string
  examples: [string, string][]
  question?: (send: ShownSend) => string
}

function steering({ action, question, ...manual }: Steering): Command {
  return defineCommand({
    ...manual,
    takes: 1,
    options,
    run: (call) =>
      withDesk(call, async (desk) => {
        const send = await desk.read(requireSendName(call.positionals))
        if (question && !(await isSure(call, question(send)))) return exitCodes.wrongRequest
        return show(call, desk, await desk.steer(action, send.id))
      }),
  })
}

async function isSure({ values, terminal }: Call<typeof options>, text: string): Promise<boolean> {
  if (values.yes || !terminal.interactive || (await terminal.confirm(text))) return true
  terminal.warn('Nothing changed.')
  return false
}

function show({ terminal }: Call<typeof options>, desk: SendDesk, send: ShownSend): ExitCode {
  warnIfHeld(desk, terminal)
  if (terminal.json) terminal.printJson(sendView(desk.config).json(send))
  else terminal.print(`${send.slug} (${send.id}) is ${send.status}`)
  return exitCodes.done
}
