import { type RecipientStatus, recipientStatuses } from '../../../db/status.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  isRecipientStatus,
  listRecipients,
  type RecipientQuery,
  type RecipientRow,
} from '../recipient.ts'
import { parseAddress, sendNamed } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { formatTime, isoTime } from './format.ts'
import { withMailshot } from './project.ts'
import { printList, type View } from './table.ts'

const pageSize = 1000

export const recipients = defineCommand({
  usage: ['recipients <send> [--status STATUS] [--email ADDRESS]'],
  takes: 1,
  about:
    'Who is in a send, with the state, the number of tries, the last answer of the mail server and the Message-ID. <send>\n' +
    'is its id, or the slug of its campaign (the latest send of it).',
  options: {
    status: {
      type: 'string',
      short: 's',
      value: 'STATUS',
      about: `Only those: ${recipientStatuses.join(', ')}.`,
    },
    email: { type: 'string', value: 'ADDRESS', about: 'Only this person.' },
  },
  examples: [
    ['mailshot recipients 2026-06-launch --status failed', 'who did not get it, and why'],
    ['mailshot recipients 2026-06-launch --json > sent.jsonl', 'the whole history, a line each'],
  ],
  run: ({ values, positionals, terminal }) =>
    withMailshot(values, async (mailshot) => {
      const status = values.status === undefined ? undefined : parseStatus(values.status)
      const email = values.email === undefined ? undefined : parseAddress(values.email)
      const send = await sendNamed(mailshot, positionals)
      const query = { sendId: send.id, ...(status && { status }), ...(email && { email }) }
      const view = recipientView(mailshot.config.timeZone)
      let isFirst = true
      for await (const page of pages(mailshot, query)) {
        // A page at a time, so that a million rows need no memory.
        if (page.length > 0 || isFirst) printList(terminal, page, view)
        isFirst = false
      }
      return exitCodes.done
    }),
})

async function* pages(mailshot: Mailshot, query: RecipientQuery): AsyncGenerator<RecipientRow[]> {
  let afterId = 0
  for (;;) {
    const page = await listRecipients(mailshot, { ...query, afterId, limit: pageSize })
    yield page
    if (page.length < pageSize) return
    afterId = page.at(-1)?.id ?? afterId
  }
}

function recipientView(timeZone: string): View<RecipientRow> {
  return {
    heading: ['address', 'status', 'tries', 'last try', 'answer', 'message id'],
    cells: (row) => [
      row.email,
      row.status,
      row.tries,
      formatTime(row.settledAt ?? row.inHandAt, timeZone),
      row.answer ?? row.reason ?? '',
      row.messageId ?? '',
    ],
    json: ({ inHandAt, settledAt, dueAt, ...row }) => ({
      ...row,
      inHandAt: isoTime(inHandAt),
      settledAt: isoTime(settledAt),
      dueAt: isoTime(dueAt),
    }),
    empty: 'No recipient is like that.',
  }
}

function parseStatus(text: string): RecipientStatus {
  if (isRecipientStatus(text)) return text
  throw new MailshotError(
    `--status ${text}: there is no such status (known: ${recipientStatuses.join(', ')})`,
  )
}
