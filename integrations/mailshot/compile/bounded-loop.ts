import { type Context, ForTag, type TagToken, type Template, TypeGuards } from 'liquidjs'

/** How often all loops of one merge may go round together. A split makes some thousand parts at most. */
export const mostRounds = 10_000

/**
 * Liquid's `for` that ends: over no range, which could be made as long as one likes, and with so many rounds a merge,
 * nested ones included. Counting holds on a slow machine too, where a time limit would stop an honest mail.
 */
export class BoundedLoop extends ForTag {
  constructor(...parsed: ConstructorParameters<typeof ForTag>) {
    super(...parsed)
    if (TypeGuards.isRangeToken(this.collection)) throw new Error('ranges are not part of it')
    this.templates.unshift(countedRound(parsed[0]))
  }
}

const rounds = new WeakMap<Context, number>()

/** What stands first in a loop, and writes nothing. */
function countedRound(token: TagToken): Template {
  return {
    token,
    render: (context) => {
      const count = (rounds.get(context) ?? 0) + 1
      rounds.set(context, count)
      if (count > mostRounds) throw new Error(`its loops go round more than ${mostRounds} times`)
    },
  }
}
