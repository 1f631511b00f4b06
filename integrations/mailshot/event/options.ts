import { z } from 'zod'

const times = z.union([z.int().min(1).max(100), z.literal(false)])
const percent = z.union([z.number().positive().max(100), z.literal(false)])

/**
 * From how much on refusals and complaints end what an address gets; `false` for never. What is refused for another cause than the
 * mailbox (policy, authentication, content, quota, account, network) never counts, and a send that nobody got neither.
 */
export const refusalsOption = z.strictObject({
  /** In how many sends its user or domain was unknown: the address is suppressed, as `hard-bounce`. */
  unknown: times.default(1),
  /** In how many sends its mailbox refused for good: its owner is unsubscribed from all lists. */
  hard: times.default(3),
  /** In how many sends its mailbox refused, for good or for now: the same. */
  soft: times.default(6),
  /** How many sends that it did not refuse may lie between those: a refusal of longer ago is forgotten. */
  forgive: z.int().min(0).max(1000).default(5),
  /** After how many complaints the address is suppressed, as `complaint`. */
  complaints: times.default(1),
})
export type Refusals = z.output<typeof refusalsOption>

/** When a send is stopped to be looked at, in per cent of the mails handed over; `false` for never. */
export const guardOption = z.strictObject({
  /** Nothing is judged on fewer mails than this. */
  least: z.int().min(1).default(100),
  /** Those that failed or bounced, for whatever cause: the send pauses. */
  failures: percent.default(50),
  /** Those that the other side refused for good: the send pauses. */
  hardBounces: percent.default(5),
  /** Complaints: the send pauses. */
  complaints: percent.default(0.3),
  /** Complaints: the operator is told, and the send goes on. */
  complaintWarning: percent.default(0.1),
  /** Those that failed or bounced of one recipient domain: this domain is held. */
  domainFailures: percent.default(20),
  /** A send that is to start is judged by all that were started in so many days before; 0 for none. */
  days: z.int().min(0).max(365).default(30),
})
export type GuardOptions = z.output<typeof guardOption>
