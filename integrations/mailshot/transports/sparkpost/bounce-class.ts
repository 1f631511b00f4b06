import type { DeliveryEvent } from '../../transport.ts'

interface BounceClass extends Pick<DeliveryEvent, 'type' | 'class' | 'about'> {
  name: string
  /** SparkPost's. */
  category: 'hard' | 'soft' | 'block' | 'admin' | 'undetermined'
}

/**
 * What a `bounce_class` means. Automatic answers are no failures, and what an account or a filter refuses says nothing about
 * the address. Since February 2018 an address on SparkPost's own suppression list is taken, then bounced with class 25 and
 * error code 554.
 *
 * @see https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
 */
export const bounceClasses: Readonly<Record<string, BounceClass>> = {
  1: { name: 'Undetermined', category: 'undetermined', ...soft('mailbox') },
  10: { name: 'Invalid Recipient', category: 'hard', ...hard('address') },
  20: { name: 'Soft Bounce', category: 'soft', ...soft('mailbox') },
  21: { name: 'DNS Failure', category: 'soft', ...soft('mailbox') },
  22: { name: 'Mailbox Full', category: 'soft', ...soft('mailbox') },
  23: { name: 'Too Large', category: 'soft', ...soft('other') },
  24: { name: 'Timeout', category: 'soft', ...soft('other') },
  25: { name: 'Admin Failure', category: 'admin', ...hard('other') },
  26: { name: 'Smart Send Suppression', category: 'admin', ...hard('other') },
  30: { name: 'Generic Bounce: No RCPT', category: 'hard', ...hard('mailbox') },
  40: { name: 'Generic Bounce', category: 'soft', ...soft('mailbox') },
  50: { name: 'Mail Block', category: 'block', ...soft('other') },
  51: { name: 'Spam Block', category: 'block', ...soft('other') },
  52: { name: 'Spam Content', category: 'block', ...soft('other') },
  53: { name: 'Prohibited Attachment', category: 'block', ...soft('other') },
  54: { name: 'Relaying Denied', category: 'block', ...soft('other') },
  60: { name: 'Auto-Reply', category: 'soft', type: 'unknown' },
  70: { name: 'Transient Failure', category: 'soft', ...soft('other') },
  80: { name: 'Subscribe', category: 'admin', type: 'unknown' },
  90: { name: 'Unsubscribe', category: 'hard', type: 'unsubscribed' },
  100: { name: 'Challenge-Response', category: 'soft', type: 'unknown' },
}

/** Of a class that is not in the table. */
export const otherClass: BounceClass = {
  name: 'Unknown',
  category: 'undetermined',
  ...soft('mailbox'),
}

function hard(about: 'address' | 'mailbox' | 'other') {
  return { type: 'bounced', class: 'hard', about } as const
}

function soft(about: 'mailbox' | 'other') {
  return { type: 'bounced', class: 'soft', about } as const
}
