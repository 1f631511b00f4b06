import type { Phrases } from '../phrase.ts'
import { type Words, wordsAbroad } from './words-abroad.ts'

const languages = Object.values(wordsAbroad)

/** Nobody has that address: each name for it with each word for that, in any order. */
export const unknownUserComposed = compose(({ users, unknown }) => [users, unknown])

/** The same of a sender, which is not the address. */
export const unknownSenderComposed = compose(({ senders, unknown }) => [senders, unknown])

/** That mailbox has no space left. */
export const fullMailboxComposed = compose(({ users, full }) => [users, full])

/** That mailbox is given up. Asked late, since what is blocked may be the mail. */
export const closedMailboxComposed = compose(({ users, closed }) => [users, closed])

/** The same where nothing but the address is named. Asked late, since many a sentence names one. */
export const addressUnknownComposed = compose(({ unknown }) => [['@'], unknown])

/** As before. */
export const addressClosedComposed = compose(({ closed }) => [['@'], closed])

/** There is none. Asked late. */
export const noneComposed: Phrases = languages.map(
  ({ none, users }) => `${none.join('|')} · ${users.join('|')}`,
)

/** Some words with some others, in either order, so far apart at most as the sign says. */
export function eitherOrder(
  gap: '…' | '‥' | '·',
  some: readonly string[],
  others: readonly string[],
): string[] {
  return [
    `${some.join('|')} ${gap} ${others.join('|')}`,
    `${others.join('|')} ${gap} ${some.join('|')}`,
  ]
}

function compose(of: (words: Words) => readonly [readonly string[], readonly string[]]): Phrases {
  return languages.flatMap((words) => eitherOrder('‥', ...of(words)))
}
