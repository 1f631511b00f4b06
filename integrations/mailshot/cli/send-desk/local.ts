import { listEvents } from '../../event/list.ts'
import type { Mailshot } from '../../mailshot.ts'
import { forget } from '../../privacy/tend.ts'
import { planPurge, purge } from '../../purge.ts'
import { countPlan } from '../../purge/count.ts'
import { showRecipients } from '../../recipient/json.ts'
import {
  cancelSend,
  countAudience,
  listSends,
  pauseSend,
  readSend,
  resumeSend,
  startSend,
} from '../../send.ts'
import { listTrash } from '../../send/read.ts'
import { planResend, resend } from '../../send/resend.ts'
import { settleUncertain } from '../../send/settle.ts'
import { readStatistics } from '../../send/statistics.ts'
import { archiveSend, restoreSend, trashSend } from '../../send/trash.ts'
import { carriedBy } from '../../route/carried.ts'
import { whyWaiting } from '../../send/waiting.ts'
import { actor } from '../project.ts'
import type { SendDesk } from '../send-desk.ts'

/** The database itself. */
export function localDesk(mailshot: Mailshot): SendDesk {
  return {
    config: mailshot.config,
    held: () => mailshot.held,
    now: () => mailshot.now(),
    sleep: (ms, signal) => mailshot.sleep(ms, signal),
    lookEveryMs: undefined,
    list: (slug) => listSends(mailshot, slug),
    async read(idOrSlug) {
      const send = await readSend(mailshot, idOrSlug)
      const transports = await carriedBy(mailshot, send.id)
      return { ...send, waiting: await whyWaiting(mailshot, send), transports }
    },
    start: (compiled, media, options) =>
      startSend(mailshot, compiled, media, { ...options, actor: actor() }),
    steer(action, id) {
      const by = { actor: actor() }
      if (action === 'pause') return pauseSend(mailshot, id, { ...by, reason: 'operator' })
      return action === 'resume' ? resumeSend(mailshot, id, by) : cancelSend(mailshot, id, by)
    },
    cancel: (id, reason) => cancelSend(mailshot, id, { actor: actor(), reason }),
    recipients: (query) => showRecipients(mailshot, query),
    stats: (idOrSlug) => readStatistics(mailshot, idOrSlug),
    async events({ send, ...query }) {
      if (send === undefined) return listEvents(mailshot, query)
      return listEvents(mailshot, { ...query, sendId: (await readSend(mailshot, send)).id })
    },
    listTrash: () => listTrash(mailshot),
    async putAway(action, idOrSlug) {
      const by = { actor: actor() }
      if (action === 'archive') return (await archiveSend(mailshot, idOrSlug, by)).send
      return (action === 'trash' ? trashSend : restoreSend)(mailshot, idOrSlug, by)
    },
    planPurge: async (months) => countPlan(mailshot, await planPurge(mailshot, months)),
    async purge(months, signal) {
      const plan = await planPurge(mailshot, months)
      const by = { actor: actor(), signal }
      const { recipients, events } = await purge(mailshot, plan, by)
      const { people } = await forget(mailshot, by)
      return { sends: plan.sends.length, recipients, events, people }
    },
    settle: (id, request) => settleUncertain(mailshot, id, { ...request, actor: actor() }),
    planResend: (id, choice) => planResend(mailshot, id, choice),
    resend: (id, request) => resend(mailshot, id, { ...request, actor: actor() }),
    countAudience: ({ slug, hash }, request) => countAudience(mailshot, { slug, hash, ...request }),
  }
}
