// The closed lists that tables hold; apart from the tables, since those load all of drizzle.
export const recipientStatuses = [
  'pending',
  'claimed',
  'in-hand',
  'sent',
  'deferred',
  'failed',
  'skipped',
  'cancelled',
  'uncertain',
] as const
export type RecipientStatus = (typeof recipientStatuses)[number]

export const suppressionReasons = ['hard-bounce', 'complaint', 'unsubscribe', 'manual'] as const
export type SuppressionReason = (typeof suppressionReasons)[number]

/**
 * What may be reported of a mail that was taken; each counts for more than those before it. A provider also rejects the second copy
 * of a mail that it delivers.
 */
export const deliveryStates = ['deferred', 'rejected', 'delivered', 'bounced'] as const
export type DeliveryState = (typeof deliveryStates)[number]
