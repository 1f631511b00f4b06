import type { Phrases } from '../phrase.ts'
import { type Words, wordsAbroad } from './words-abroad.ts'

const languages = Object.values(wordsAbroad)

/** Nobody has that address: each name for it with each word for that, in any order. */
export const unknownUserComposed = compose(({ users, unknown }) => [users, unknown])

/** The same of a sender, which is not the address. */
export const unknownSenderComposed = compose(({ senders, unknown }) => [senders, unknown])

/** That mailbox has no space left. */
export const fullMailboxComposed = compose(({ users, full }) => [users, full])

/** English that no other table knows: who is meant, and that there is nobody, close together. Asked last. */
export const vaguelyUnknown: Phrases = [
  ...pair(
    '·',
    [
      'user',
      'username',
      'mailbox',
      'mail box',
      'mail-box',
      'account',
      'address',
      'e-mail',
      'email',
      'recipient',
      'addressee',
      'alias',
      'customer',
      'local part',
      'person',
      'subscriber',
      'contact',
      'destination',
    ],
    [
      'unknown',
      'unrecognised',
      'unrecognized',
      'not recognised',
      'not recognise',
      'not recognize',
      "n't recognise",
      "n't recognize",
      'not recognized',
      'invalid',
      'not valid',
      'incorrect',
      'wrong',
      'nonexistent',
      'non-existent',
      'non existent',
      'nonexisting',
      'non-existing',
      'not exist',
      'no exist',
      "n't exist",
      "doesn't exist",
      "don't exist",
      "isn't here",
      'not here',
      'not found',
      'not be found',
      "couldn't be found",
      "can't be found",
      'not known',
      'not registered',
      'not listed',
      'has left',
      'is gone',
      'closed',
      'not local',
      'not a customer',
      'not one of our',
      "isn't one of our",
      'not belong',
      'not on file',
      'not in our',
      'vacated',
      'has moved',
      'discontinued',
      'obsolete',
      'retired',
      'cancelled',
      'canceled',
      'deleted',
      'removed',
    ],
  ),
  'no such',
  'no one with',
  'nobody with',
  'nobody by',
  'not user of',
  'have no user',
  'not live here',
  'no longer an employee',
  'no longer a member',
  'no longer at',
  'no longer here',
  'not a user',
  'not a member of domain',
  'not have an account',
  "doesn't have an account",
  "doesn't handle mail for",
  'does not handle mail for',
  'cannot deliver mail for',
  'mailbox name not allowed',
  'does no exist',
  'lookup in domain map failed',
]

function compose(of: (words: Words) => readonly [readonly string[], readonly string[]]): Phrases {
  return languages.flatMap((words) => pair('‥', ...of(words)))
}

function pair(gap: string, some: readonly string[], others: readonly string[]): string[] {
  return some.flatMap((one) =>
    others.flatMap((other) => [`${one} ${gap} ${other}`, `${other} ${gap} ${one}`]),
  )
}
