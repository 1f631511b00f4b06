import { localize } from '../config.ts'
import { listSummary } from '../list.ts'
import { defineCommand, exitCodes } from './command.ts'
import { withMailshot } from './project.ts'
import { printList } from './table.ts'

export const lists = defineCommand({
  usage: ['lists'],
  takes: 0,
  about:
    'The lists of the settings with their people counted; a list that vanished from the settings is closed, and keeps\n' +
    'its people. To add, rename or describe one, edit mailshot.config.ts.',
  options: {},
  examples: [
    ['mailshot lists', 'who would get a campaign, list by list'],
    ['mailshot lists --json', 'one line of JSON a list'],
  ],
  run: ({ values, terminal }) =>
    withMailshot(values, async (mailshot) => {
      const { lang } = mailshot.config
      printList(terminal, await listSummary(mailshot), {
        heading: ['list', 'title', 'status', 'active', 'suppressed', 'pending', 'unsubscribed'],
        cells: (list) => [
          list.id,
          localize(list.title, lang, lang),
          list.status,
          list.active,
          list.suppressed,
          list.pending,
          list.unsubscribed,
        ],
        json: (list) => list,
        empty: 'There is no list; declare one in mailshot.config.ts.',
      })
      return exitCodes.done
    }),
})
