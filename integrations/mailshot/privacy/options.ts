import { z } from 'zod'

/** What is kept of people, and for how long. docs/privacy.md tells it table by table. */
export const privacyOption = z.strictObject({
  /**
   * What consents keep of the network address from which somebody signed up and confirmed: `truncated` to its network (the first
   * three of four numbers, the first 48 bits of IPv6), `full`, or `none`.
   */
  ip: z.enum(['none', 'truncated', 'full']).default('truncated'),
  /** Who has not confirmed so many days after asking is forgotten; `false` for never. A confirmation can be followed for 14 days. */
  keepUnconfirmedDays: z.union([z.int().min(14).max(3650), z.literal(false)]).default(30),
  /** Who is on no list any more is erased after so many months, but for a hash where the address was suppressed. Never by default. */
  keepLeftMonths: z.int().min(1).max(600).optional(),
  /** Lines of the audit go after so many months, but those that mails still depend on. Never by default. */
  keepAuditMonths: z.int().min(1).max(600).optional(),
  /**
   * The file of `import --rejects` is deleted after so many days on the machine that it was written on, unless it was changed since;
   * `false` for never.
   */
  keepRejectsDays: z.union([z.int().min(1).max(3650), z.literal(false)]).default(90),
})
export type PrivacyOptions = z.output<typeof privacyOption>
