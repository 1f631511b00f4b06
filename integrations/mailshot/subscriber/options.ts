import { z } from 'zod'

const origin = z.string().refine((text) => originOf(text) === text, {
  error: 'must be an origin, with nothing behind the host: https://shop.example.org',
})

const mostGuests = 5

/** Who may ask for a subscription, and from where. */
export const signUpOption = z.strictObject({
  /** Other sites on which a sign-up form of ours may stand: `['https://shop.example.org']`. docs/forms.md has the form. */
  origins: z.array(origin).default([]),
  /**
   * Whether readers may have a mail sent to people who may like a letter too, from a page of their own, and to how many a day: `true`
   * for 5, which is the most. In some countries such mails need the consent of whoever gets them; ask before you allow it.
   */
  invitations: z
    .union([z.boolean(), z.strictObject({ most: z.int().min(1).max(mostGuests) })])
    .default(false)
    .transform((given) => (typeof given === 'object' ? given.most : given ? mostGuests : 0)),
})

function originOf(text: string): string | undefined {
  return /^https?:/.test(text) && URL.canParse(text) ? new URL(text).origin : undefined
}
