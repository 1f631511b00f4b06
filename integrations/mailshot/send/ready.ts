import { type ListWatch, openListWatch, type ListWatchOptions } from '../list/watch.ts'
import type { Mailshot } from '../mailshot.ts'
import { openImageWatch } from './media.ts'

/** Whether a send may start: its automatic lists are up to date, and its images are where its mails say. */
export function openReadiness(mailshot: Mailshot, options: ListWatchOptions): ListWatch {
  const lists = openListWatch(mailshot, options)
  const images = openImageWatch(mailshot, options.onEnd, options.signal)
  return {
    tend: lists.tend,
    look(send) {
      const state = lists.look(send)
      return state === 'ready' ? images(send) : state
    },
  }
}
