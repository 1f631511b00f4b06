import { z } from 'zod'
import { localizedText } from '../config/values.ts'

const choices = z
  .union([
    z.array(z.string().min(1)).min(1),
    z.record(z.string().min(1), localizedText).refine((all) => Object.keys(all).length > 0, {
      error: 'needs at least one choice',
    }),
  ])
  .optional()

/** What the config says of an attribute of subscribers. */
export const fieldOption = z
  .strictObject({
    /** `consent` is a box with words of its own, the label: to tick it is kept as a consent, with those words. */
    type: z.enum(['text', 'choice', 'number', 'boolean', 'date', 'consent']).default('text'),
    /** What the form and the preferences page call it. Its name by default. */
    label: localizedText.optional(),
    /** One sentence below the label, for whoever wonders what to write or why it is asked. */
    description: localizedText.optional(),
    /** The values a `choice` may take, or what readers see for each of them: `{ free: 'Free of charge', pro: { en: … } }`. */
    choices,
    /**
     * Whether sign-up forms ask it and readers can change it on their page. By default they cannot: only imports, commands and
     * programs set it.
     */
    form: z.union([z.enum(['required', 'optional']), z.literal(false)]).optional(),
  })
  .superRefine((field, context) => {
    if (field.type === 'consent' && field.label === undefined) {
      const message = 'is what a reader agrees to, word by word; a consent needs it'
      context.addIssue({ code: 'custom', path: ['label'], message })
    }
    if ((field.type === 'choice') !== (field.choices !== undefined)) {
      const message =
        field.type === 'choice'
          ? "are missing; write them like choices: ['free', 'pro']"
          : `are for type: 'choice' only; this is a ${field.type}`
      context.addIssue({ code: 'custom', path: ['choices'], message })
    }
  })
  .transform(({ choices: given, ...field }) => ({
    ...field,
    ...(given !== undefined && { choices: Array.isArray(given) ? given : Object.keys(given) }),
    ...(given !== undefined && !Array.isArray(given) && { choiceLabels: given }),
  }))
