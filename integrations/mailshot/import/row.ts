import type { SuppressionReason } from '../../../db/status.ts'

/** What a source knows of a person. All times are in ms since 1970. */
export interface ImportRow {
  email: string
  name?: string | undefined
  lang?: string | undefined
  /** IANA name of the zone of their local time; one that is none is a fault. */
  timeZone?: string | undefined
  /** Where they are, or were; `status`, `consentAt`, `confirmedAt` and `endedAt` are about all of these. */
  lists?: string[] | undefined
  /** `active` unless said otherwise. */
  status?: SubscriptionStatus | undefined
  /** When they asked for it; else when they confirmed it. */
  consentAt?: number | undefined
  /** When they confirmed it. */
  confirmedAt?: number | undefined
  /** When they left. */
  endedAt?: number | undefined
  /** In the place of `lists`, where the source knows more of each. */
  subscriptions?: ImportSubscription[] | undefined
  attributes?: Record<string, unknown> | undefined
  /**
   * Why their address gets nothing: it is suppressed here too, the stronger of two reasons standing. The person is kept beside it; one
   * who left everything is best given as `unsubscribed` too, since a new sign-up lifts `unsubscribe` and `hard-bounce`.
   */
  suppressed?: SuppressionReason | undefined
  /** Since when; else since the import. */
  suppressedAt?: number | undefined
  /** Empty for none; else it names the import. */
  suppressionNote?: string | undefined
  /** No send goes to them before then. */
  pausedUntil?: number | undefined
  /** Since when they agree that opens and clicks are counted by name. */
  trackingAgreedAt?: number | undefined
  /** How the source's own old mails call them, so that links in these still lead somewhere: `{ source: 'listmonk', id: uuid }`. */
  formerIds?: { source: string; id: string }[] | undefined
  /** Their number in another mailshot, kept where nobody has had it here: links in the mails it sent hold it. */
  id?: number | undefined
  /** Since when the source knows them. */
  createdAt?: number | undefined
  /** All that is known of their consents; without this, one is noted for each list that says it was imported, and from where. */
  consents?: ImportConsent[] | undefined
}

export type SubscriptionStatus = 'active' | 'pending' | 'unsubscribed'

export interface ImportSubscription {
  list: string
  /** `active` unless said otherwise. */
  status?: SubscriptionStatus | undefined
  /** When they asked for it; else `activeAt`. */
  askedAt?: number | undefined
  /** When it became active: it was confirmed, where that was asked for. */
  activeAt?: number | undefined
  endedAt?: number | undefined
  /** Why it ended; `import` unless said otherwise. */
  endReason?: string | undefined
}

export interface ImportConsent {
  /** Empty for the consent to be counted by name. */
  list: string
  at: number
  /** `import` unless said otherwise. */
  source?: string | undefined
  /** The form, or the name of the import. */
  form?: string | undefined
  /** The words that were agreed to. */
  wording?: string | undefined
  lang?: string | undefined
  ip?: string | undefined
  userAgent?: string | undefined
  /** What an unconfirmed ask said of the person (JSON). */
  said?: string | undefined
  confirmedAt?: number | undefined
  /** From where it was confirmed. */
  confirmedIp?: string | undefined
  confirmedUserAgent?: string | undefined
  /** When it was taken back; for a list that was joined again since, when it was left. */
  endedAt?: number | undefined
}
