import { eventJson, type ShownEvent } from '../event/list.ts'
import { parseAddress } from './arguments.ts'
import { defineCommand, exitCodes } from './command.ts'
import { formatTime } from './format.ts'
import { type EventPage, type SendDesk, serverOption, withDesk } from './send-desk.ts'
import { printList, type View } from './table.ts'

const pageSize = 500

export const events = defineCommand({
  usage: ['events [--send ID] [--recipient ADDRESS] [--unmatched] [--server URL]'],
  takes: 0,
  about:
    'What was reported of mails after their hand-over: delivered, deferred, bounced, rejected, complained, unsubscribed, opened,\n' +
    'clicked, or unknown, in the order it came in. With --json each has what the reporter said as "raw". With --server the token\n' +
    'needs the scope people.',
  options: {
    send: {
      type: 'string',
      short: 's',
      value: 'ID',
      about: 'Only of this send: its id, or the slug of its campaign (the latest send of it).',
    },
    recipient: { type: 'string', short: 'r', value: 'ADDRESS', about: 'Only about this address.' },
    unmatched: {
      type: 'boolean',
      about: 'Only those about no mail of ours that is known; they have no consequences.',
    },
    ...serverOption,
  },
  examples: [
    ['mailshot events --send 2026-06-launch', 'what came back of it'],
    ['mailshot events --recipient zoe@example.org', 'why this person gets nothing'],
    ['mailshot events --unmatched --json', 'what the provider reports and nobody was mailed'],
  ],
  run: ({ values, terminal }) => {
    const email = values.recipient === undefined ? undefined : parseAddress(values.recipient)
    return withDesk({ values, terminal }, async (desk) => {
      const query = {
        send: values.send,
        isUnmatched: values.unmatched ?? false,
        ...(email !== undefined && { email }),
      }
      const view = viewOf(desk.config.timeZone)
      let found = 0
      for await (const page of pages(desk, query)) {
        // A page at a time, so that a million events need no memory.
        if (page.length > 0 || found === 0) printList(terminal, page, view)
        found += page.length
      }
      return exitCodes.done
    })
  },
})

async function* pages(desk: SendDesk, query: EventPage): AsyncGenerator<ShownEvent[]> {
  let afterId = 0
  for (;;) {
    const page = await desk.events({ ...query, afterId })
    yield page
    if (page.length < pageSize) return
    afterId = page.at(-1)?.id ?? afterId
  }
}

function viewOf(timeZone: string): View<ShownEvent> {
  return {
    heading: ['reported', 'event', 'address', 'campaign', 'by', 'status', 'what it says'],
    cells: (event) => [
      formatTime(event.at, timeZone),
      event.class ? `${event.type}, ${event.class}` : event.type,
      event.recipient ?? '',
      event.campaign ?? (event.matched ? '(a letter)' : '(unmatched)'),
      event.transport,
      event.status ?? '',
      event.url ?? event.reason ?? '',
    ],
    json: eventJson,
    empty: 'No such event was reported.',
  }
}
