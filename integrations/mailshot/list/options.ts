import { z } from 'zod'
import { localizedText, mailbox } from '../config/values.ts'

/** What the config says of a list. */
export const listOption = z.strictObject({
  /** The public title, shown on pages and in mails. */
  title: localizedText,
  /** One sentence for the sign-up page. */
  description: localizedText.optional(),
  /** The title that only the operator sees. */
  privateTitle: z.string().optional(),
  /** Whether anyone may sign up, and the archive may show its campaigns. */
  public: z.boolean().default(true),
  /** Whether a sign-up waits for the click in a confirmation mail. */
  doubleOptIn: z.boolean().default(true),
  /** The sender of its campaigns, where the campaign names none. */
  from: mailbox.optional(),
  /** The transport of its campaigns, where there are several and the campaign names none. */
  transport: z.string().optional(),
  /** Its former id: subscriptions move over when a list is renamed. */
  formerly: z.string().optional(),
})
