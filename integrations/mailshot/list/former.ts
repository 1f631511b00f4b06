import type { MailshotConfig } from '../config.ts'

/** What the config says of a list, also by its former id, which sends that were under way when it was renamed go on with. */
export function listOf(
  { lists }: Pick<MailshotConfig, 'lists'>,
  id: string,
): MailshotConfig['lists'][string] | undefined {
  if (Object.hasOwn(lists, id)) return lists[id]
  return Object.values(lists).find(({ formerly }) => formerly === id)
}
