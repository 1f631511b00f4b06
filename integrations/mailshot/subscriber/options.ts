import { z } from 'zod'

const origin = z.string().refine((text) => originOf(text) === text, {
  error: 'must be an origin, with nothing behind the host: https://shop.example.org',
})

/** Who may ask for a subscription, and from where. */
export const signUpOption = z.strictObject({
  /** Other sites on which a sign-up form of ours may stand: `['https://shop.example.org']`. docs/forms.md has the form. */
  origins: z.array(origin).default([]),
})

function originOf(text: string): string | undefined {
  return /^https?:/.test(text) && URL.canParse(text) ? new URL(text).origin : undefined
}
