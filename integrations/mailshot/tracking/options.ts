import { z } from 'zod'

/** A value of a UTM tag; `{slug}` stands for the campaign's. */
const tag = z.string().trim().min(1).max(100)

const hosts = z.union([z.enum(['own', 'all']), z.array(z.string().min(1)).min(1)])

/** Tags that web statistics read out of an address, for `http` and `https` links of campaigns. */
export const utmOption = z.strictObject({
  source: tag.default('newsletter'),
  medium: tag.default('email'),
  campaign: tag.default('{slug}'),
  content: tag.optional(),
  term: tag.optional(),
  /** Which links get them: to the site's own host, to `all`, or to these hosts. */
  hosts: hosts.default('own'),
})
export type UtmOptions = z.output<typeof utmOption>

/** What a campaign says of its own tags; `false` for none. */
export const utmSetting = z.union(
  [
    z.literal('false').transform((): false => false),
    z.strictObject({
      source: tag.optional(),
      medium: tag.optional(),
      campaign: tag.optional(),
      content: tag.optional(),
      term: tag.optional(),
      hosts: hosts.optional(),
    }),
  ],
  { error: 'is neither false nor some of source, medium, campaign, content, term and hosts' },
)
export type UtmSetting = z.output<typeof utmSetting>

/** How opens and clicks are counted, where a campaign asks for it. */
export const trackingOption = z.strictObject({
  /**
   * Whether readers are asked, on their preferences page, if they may be counted by name. Without their consent, and by default,
   * nobody is: only how often a mail was opened and a link followed is counted.
   */
  individual: z.boolean().default(false),
})

/** How long it is kept who got a send and what was reported of them; what was counted is kept for ever. */
export const keepDetailsOption = z.strictObject({
  /** After so many months the details of a send that has ended are purged, but for the latest. */
  months: z.int().min(1).max(600),
})
