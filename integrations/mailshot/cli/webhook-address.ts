import { didYouMean } from '../closest.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { transportsOf } from '../route.ts'
import { genericName, webhookKey, webhookUrl } from '../webhook/address.ts'
import { printList } from './table.ts'
import type { Terminal } from './terminal.ts'

/**
 * Prints where providers report to, secret and all, and where any relay may, with the key that it signs with.
 *
 * @param only the name of one
 * @throws MailshotError when there is none of that name, or no secret to make the addresses of
 */
export function printAddresses(
  config: MailshotConfig,
  terminal: Terminal,
  only: string | undefined,
): void {
  const readers = transportsOf(config).filter((one) => one.readEvents)
  const names = [...new Set([...readers.map((one) => one.name), genericName])]
  if (only !== undefined && !names.includes(only)) {
    throw new MailshotError(
      `--transport ${only}: nothing reports here by that name; ${didYouMean(only, names)}`,
    )
  }
  const rows = names
    .filter((name) => only === undefined || name === only)
    .map((transport) => ({
      transport,
      url: webhookUrl(config, transport),
      key: transport === genericName ? webhookKey(config) : null,
    }))
  printList(terminal, rows, {
    heading: ['transport', 'address', 'key'],
    cells: ({ transport, url, key }) => [transport, url, key ?? ''],
    json: (row) => row,
    empty: '',
  })
}
