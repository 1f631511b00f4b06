/** Neither side is owed more than so many. */
const mostOwed = 10

/**
 * The slots of the transport are shared by two sides: those whose domain has a lane of its own, and all others. While both have
 * somebody, who got less begins, so that domains whose limits add up to the transport's leave the others their half.
 */
export function openSides() {
  let lead = 0
  return {
    /** Both sides in turn. */
    inTurn: <Item>(ofDomains: Item[], others: Item[]): Item[] => {
      if (ofDomains.length === 0) return others
      const [first, second] = lead > 0 ? [others, ofDomains] : [ofDomains, others]
      return Array.from({ length: Math.max(first.length, second.length) }, (_, place) => [
        ...first.slice(place, place + 1),
        ...second.slice(place, place + 1),
      ]).flat()
    },
    /** Notes how many of each got a slot. */
    note: (taken: { ofDomains: number; others: number }): void => {
      lead = Math.max(-mostOwed, Math.min(mostOwed, lead + taken.ofDomains - taken.others))
    },
  }
}
