import { type RecipientStatus, recipientStatuses } from '../../../db/status.ts'
import { MailshotError } from '../error.ts'
import { isRecipientStatus, type RecipientQuery } from '../recipient.ts'
import { recipientJson, type ShownRecipient } from '../recipient/json.ts'
import type { ShownSend } from '../send/json.ts'
import { parseAddress, requireSendName } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { formatMoment, formatTime } from './format.ts'
import { type SendDesk, serverOption, withDesk } from './send-desk.ts'
import { printList, type View } from './table.ts'
import type { Terminal } from './terminal.ts'

const pageSize = 1000

export const recipients = defineCommand({
  usage: ['recipients <send> [--status STATUS] [--email ADDRESS] [--server URL]'],
  takes: 1,
  about:
    'Who is in a send, with the state, the number of tries, the transport, the last answer of the mail server and the Message-ID. <send>\n' +
    'is its id, or the slug of its campaign (the latest send of it). Of one person (--email), also what became of each\n' +
    'time before, where somebody was settled or resent by hand. With --server the token needs the scope people.',
  options: {
    status: {
      type: 'string',
      short: 's',
      value: 'STATUS',
      about: `Only those: ${recipientStatuses.join(', ')}.`,
    },
    email: { type: 'string', value: 'ADDRESS', about: 'Only this person.' },
    ...serverOption,
  },
  examples: [
    ['mailshot recipients 2026-06-launch --status failed', 'who did not get it, and why'],
    [
      'mailshot recipients 2026-06-launch -s uncertain',
      'who may have got it, and what to do about it',
    ],
    ['mailshot recipients 2026-06-launch --json > sent.jsonl', 'the whole history, a line each'],
  ],
  run: ({ values, positionals, terminal }) => {
    const status = values.status === undefined ? undefined : parseStatus(values.status)
    const email = values.email === undefined ? undefined : parseAddress(values.email)
    return withDesk({ values, terminal }, async (desk) => {
      const send = await desk.read(requireSendName(positionals))
      const query = { sendId: send.id, ...(status && { status }), ...(email && { email }) }
      const view = viewOf(status, desk.config.timeZone)
      let found = 0
      for await (const page of pages(desk, query)) {
        // A page at a time, so that a million rows need no memory.
        if (page.length > 0 || found === 0) printList(terminal, page, view)
        for (const row of page) printHistory(terminal, row, desk.config.timeZone)
        found += page.length
      }
      if (found > 0 && !terminal.json) tellNext(terminal, send, status)
      return exitCodes.done
    })
  },
})

async function* pages(desk: SendDesk, query: RecipientQuery): AsyncGenerator<ShownRecipient[]> {
  let afterId = 0
  for (;;) {
    const page = await desk.recipients({ ...query, afterId, limit: pageSize })
    yield page
    if (page.length < pageSize) return
    afterId = page.at(-1)?.id ?? afterId
  }
}

function viewOf(status: RecipientStatus | undefined, timeZone: string): View<ShownRecipient> {
  const shared = { json: recipientJson, empty: 'No recipient is like that.' }
  if (status === 'uncertain') {
    // What the log of the mail server is searched for.
    return {
      ...shared,
      heading: ['address', 'in hand', 'what happened', 'message id'],
      cells: (row) => [
        row.email,
        formatMoment(row.inHandAt, timeZone),
        [row.reason, row.answer].filter(Boolean).join(': '),
        row.messageId ?? '',
      ],
    }
  }
  return {
    ...shared,
    heading: ['address', 'status', 'tries', 'last try', 'by', 'answer', 'message id'],
    cells: (row) => [
      row.email,
      [row.status, row.delivery, row.deliveryClass].filter(Boolean).join(', '),
      row.tries,
      formatTime(row.settledAt ?? row.inHandAt, timeZone),
      row.transport ?? '',
      row.answer ?? row.reason ?? '',
      row.messageId ?? '',
    ],
  }
}

function printHistory(terminal: Terminal, { history = [] }: ShownRecipient, zone: string): void {
  if (terminal.json) return
  for (const { at, actor, action, detail } of history) {
    const { was, reason, answer, note } = detail
    const why = [answer ?? reason, note].filter(Boolean).join('; ')
    const past = action === 'resend' ? 'mailed once more' : `settled as ${String(detail['as'])}`
    terminal.print(
      `  ${formatTime(at, zone)}  ${past} by ${actor}; it was ${String(was)}${why && ` (${why})`}`,
    )
  }
}

function tellNext(
  terminal: Terminal,
  { slug, id }: ShownSend,
  status: RecipientStatus | undefined,
): void {
  if (status === 'uncertain') {
    terminal.note(
      '\nThese may have got it: the connection broke, or the process died, before the mail server had answered. Nobody is\n' +
        `mailed again unasked. Look for the message ids of ${slug} in its log, then\n` +
        `  mailshot settle ${id} --as sent ADDRESS…     it took them\n` +
        `  mailshot settle ${id} --as failed ADDRESS…   it did not\n` +
        `  mailshot resend ${id} --uncertain            mail them again: some may get it twice`,
    )
  }
  if (status === 'failed') {
    terminal.note(`\nTo mail them once more: mailshot resend ${id} --failed`)
  }
}

function parseStatus(text: string): RecipientStatus {
  if (isRecipientStatus(text)) return text
  throw new MailshotError(
    `--status ${text}: there is no such status (known: ${recipientStatuses.join(', ')})`,
  )
}
