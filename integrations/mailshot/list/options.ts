import { z } from 'zod'
import { localizedText, mailbox } from '../config/values.ts'

/** A person whom the function of an automatic list answers. */
export interface ListMember {
  email: string
  name?: string | undefined
  /** `fr`, `pt-BR`. */
  lang?: string | undefined
  /** Values of the config's `fields`. */
  attributes?: Readonly<Record<string, unknown>> | undefined
}

type Members = Iterable<ListMember> | AsyncIterable<ListMember>

/** Answers all who belong on a list by now. The signal aborts when nobody waits for the answer any more. */
export type ReadMembers = (call: { signal: AbortSignal }) => Members | Promise<Members>

/** What the config says of a list. */
export const listOption = z
  .strictObject({
    /** The public title, shown on pages and in mails. */
    title: localizedText,
    /** One sentence for the sign-up page. */
    description: localizedText.optional(),
    /** The title that only the operator sees. */
    privateTitle: z.string().optional(),
    /** Whether anyone may sign up, and the archive may show its campaigns. By default yes, unless it is automatic. */
    public: z.boolean().optional(),
    /** Whether a sign-up waits for the click in a confirmation mail. */
    doubleOptIn: z.boolean().default(true),
    /** The sender of its campaigns, where the campaign names none. */
    from: mailbox.optional(),
    /** Where answers to its campaigns go, where the campaign names none; without one, to the site's `replyTo`. */
    replyTo: mailbox.optional(),
    /** The transport of its campaigns, where there are several and the campaign names none. */
    transport: z.string().optional(),
    /** Its former id: subscriptions move over when a list is renamed. */
    formerly: z.string().optional(),
    /**
     * Makes it automatic: a function that answers who is on it, `() => readStaff()`. It is asked before each send to the list, every
     * `syncHours` by the site, and by `mailshot lists sync`.
     */
    members: z
      .custom<ReadMembers>((value) => typeof value === 'function', {
        error: 'is not a function; write it like members: () => readStaff()',
      })
      .optional(),
    /** How many hours after the last time the site asks `members` again. */
    syncHours: z.number().positive().max(8760).default(23),
  })
  .transform(({ public: isPublic, ...list }) => ({ ...list, public: isPublic ?? !list.members }))
