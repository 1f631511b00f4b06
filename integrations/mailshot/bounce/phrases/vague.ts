import type { Phrases } from '../phrase.ts'
import {
  addressClosedComposed,
  addressUnknownComposed,
  closedMailboxComposed,
  eitherOrder,
  noneComposed,
} from './composed.ts'
import { words } from './words-abroad.ts'

/** Whom a mail is for, and where it goes, in English. */
const users = words(
  'user, username, userid, mailbox, account, address, email, recipient, rcpt, addressee, alias, customer, local part, local-part, localpart, person, subscriber, contact, destination, member, employee, inbox, login',
)

/** Said behind it: there is nobody. */
const absent = words(
  'unknown to, unrecogni, not recogni, nonexist, non-exist, non exist, not exist, no exist, not be found, not found, no match, not match, not exactly match, not known, not registered, not here, has left, have left, left the, left our, left us, is gone, has gone, not a customer, not one of our, not belong, not on file, not in our, not on our, not hosted, not handled, not served, vacated, has moved, moved away, not local, not listed, unlisted, not present, not defined, not be resolved, not be identified, not be located, not live here, no such, departed, resigned, not assigned, unassigned, not allocated',
)

/** Said before it: we have nobody. */
const lacking = [
  ...words(
    'not aware of, not know, not recogni, not exist, no exist, not found, not known, can not find, could not find, unable to find, unable to locate, can not locate, could not locate, unable to identify, can not identify, could not identify, no record of, never heard of, not one of our',
  ),
  // The blank ends the word.
  'no ',
  'not a ',
  'not an ',
  'not our ',
  'no longer a',
]

/** Said right before it or behind it. */
const wrong = words(
  'unknown, invalid, not valid, incorrect, wrong, nonexisting, non-existing, nonexistent, non-existent, deleted, removed, obsolete, bogus, dead, bad, illegal, misspelled, misspelt, mistyped',
)

/** Said right before it, or somewhere behind it. */
const closed = words(
  'disabled, deactivated, suspended, closed, locked, inactive, terminated, frozen, cancelled, canceled, abandoned, decommissioned, retired, discontinued, dormant, defunct, archived, expired, purged, wiped, erased, deprovisioned',
)

const closedBehind = words(
  'not active, not in use, not in service, not used, shut down, switched off, turned off, no longer, any more, anymore, any longer',
)

/** What is unknown, invalid or ours, and so says nothing of a reader. Asked before the vague ones. */
export const otherThings: Phrases = [
  'unknown · error|encoding|charset|character|command|macro|problem|reason|type|format|extension|content|mailer|protocol|state|option|argument|parameter',
  'invalid · mime|header|content|message|attachment|charset|encoding|response|credential|token|password|command|syntax|date|structure|argument|parameter|format|certificate',
  'wrong · time|date|port|password|header|format|size|way',
  'your address',
  'your account',
  'your user',
  'database',
  'at the moment',
  'right now',
  'header',
  'dial-up',
]

/** English that no other table knows: who is meant, and that there is nobody, close together. */
export const vaguelyUnknown: Phrases = [
  ...eitherOrder('·', users, absent),
  ...eitherOrder('·', users, wrong),
  `@ · ${wrong.join('|')}`,
  'no such',
  'no one|nobody|noone|no-one · with|by|named|called|of that',
  'not user of',
  'not live here',
  'no longer at',
  'no longer here',
  'no longer works',
  'does not handle mail for',
  'cannot deliver mail for',
  'mailbox name not allowed',
  'not have a · delivery point',
  'does no exist',
  'lookup in domain map failed',
  'not in · directory',
]

/** The same less surely: further apart, or said of an address in other languages. */
export const perhapsUnknown: Phrases = [
  `${users.join('|')}|@ ‥ ${absent.join('|')}`,
  `${lacking.join('|')} · ${users.join('|')}`,
  'has left the',
  'have left the',
  ...addressUnknownComposed,
  ...noneComposed,
]

/** The same of a mailbox that is there no more, or takes no mail any more. */
export const vaguelyClosed: Phrases = [
  `${users.join('|')}|@ ‥ ${[...closed, ...closedBehind].join('|')}`,
  `${closed.join('|')} · ${users.join('|')}`,
  ...closedMailboxComposed,
  ...addressClosedComposed,
]

/** The same of one that has no space left. */
export const vaguelyFull: Phrases = [
  'mailbox|inbox|mailfolder|maildir|folder|mail store|message store|account|postbox ‥ full|filled|at capacity|over capacity|overfull|over its|over their|over his|over the limit|used up|no space|no room|too many messages',
  'user|recipient|mailbox|account|inbox ‥ out of space|used up|storage|no more space|hold no|no more mail|no further mail|no further messages|no more messages|too full',
  'space|storage|disk|quota|allowance ‥ exhausted|used up|exceed|not enough|reached|is over|depleted',
  'no|not enough|insufficient · space|room|storage · left|available|for',
  'over|exceed|exceeds|exceeding|exceeded|beyond · storage|allowance|allotment|space',
]
