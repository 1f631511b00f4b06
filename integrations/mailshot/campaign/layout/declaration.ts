import { z } from 'zod'

/** What a layout says of itself: in the front matter of its MJML, or by what its component exports. */
export const layoutDeclaration = z.strictObject({
  title: z.string().optional(),
  /** Its parameters, with what they are where a campaign says nothing. */
  params: z.record(z.string(), z.string()).default({}),
})
export type LayoutDeclaration = z.output<typeof layoutDeclaration>
