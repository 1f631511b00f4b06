import type { ClaimedRecipient } from '../recipient.ts'

/** Recipients of several sends, offered in turn: one of each send, and again. Of each, those who come back go first. */
export function openTurns() {
  // In the order of their turns.
  let queues: ClaimedRecipient[][] = []
  let size = 0
  let offered: ClaimedRecipient[] | undefined
  const keep = (next: ClaimedRecipient[][]) => {
    queues = next.filter((queue) => queue.length > 0)
    size = queues.reduce((sum, queue) => sum + queue.length, 0)
    offered = undefined
  }
  return {
    get size() {
      return size
    },
    add: (recipient: ClaimedRecipient): void => {
      const queue = queues.find(([first]) => first?.sendId === recipient.sendId)
      const place = recipient.tries > 0 ? (queue?.findIndex(({ tries }) => tries === 0) ?? -1) : -1
      if (queue && place >= 0) queue.splice(place, 0, recipient)
      else if (queue) queue.push(recipient)
      else queues.push([recipient])
      size += 1
      offered = undefined
    },
    /** All of them, in turn. */
    inTurn: (): ClaimedRecipient[] => {
      offered ??= queues.length === 1 ? (queues[0] ?? []) : interleave(queues)
      return offered
    },
    /** The turn goes on after the last one that is gone. */
    remove: (gone: Set<ClaimedRecipient>): void => {
      const last = [...gone].at(-1)?.sendId
      const turn = queues.findIndex(([first]) => first?.sendId === last) + 1
      keep(
        [...queues.slice(turn), ...queues.slice(0, turn)].map((queue) => withoutGone(queue, gone)),
      )
    },
    takeAll: (): ClaimedRecipient[] => {
      const all = queues.flat()
      keep([])
      return all
    },
  }
}

function interleave(queues: ClaimedRecipient[][]): ClaimedRecipient[] {
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  const all: ClaimedRecipient[] = []
  for (let place = 0; place < longest; place++) {
    for (const queue of queues) {
      const recipient = queue[place]
      if (recipient) all.push(recipient)
    }
  }
  return all
}

function withoutGone(queue: ClaimedRecipient[], gone: Set<ClaimedRecipient>): ClaimedRecipient[] {
  // What goes is nearly always what came first.
  const head = queue.findIndex((recipient) => !gone.has(recipient))
  if (head < 0) return []
  const rest = queue.slice(head)
  return head === gone.size ? rest : rest.filter((recipient) => !gone.has(recipient))
}
