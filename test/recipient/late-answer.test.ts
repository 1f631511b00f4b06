import { describe, expect, it } from 'vitest'
import { laneOf } from '../../integrations/mailshot/pace.ts'
import { claimRecipients, settleStatements } from '../../integrations/mailshot/recipient.ts'
import { settlementOf } from '../../integrations/mailshot/recipient/settlement.ts'
import { cancelSend, readSend } from '../../integrations/mailshot/send.ts'
import { resend } from '../../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../../integrations/mailshot/send/settle.ts'
import { enlistWorker, recoverDeadWorkers } from '../../integrations/mailshot/worker.ts'
import { markRecipients } from '../mark-recipients.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { runningSend } from '../running-send.ts'

const actor = 'test'

describe('a worker that wakes and knows that the relay took its mails', () => {
  it('is believed more than the operator, who took them for lost', async () => {
    const { mailshot, sendId, answer } = await takenForDead()
    await settleUncertain(mailshot, sendId, { as: 'failed', which: 'all', actor })
    await answer()
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 2 })
    const { resent, send } = await resend(mailshot, sendId, {
      choice: { statuses: ['failed'] },
      actor,
    })
    expect(resent).toBe(0)
    expect(send).toMatchObject({ sent: 2, failed: 0, uncertain: 0 })
  })

  it('says nothing of mails that the operator has let go again', async () => {
    const { mailshot, sendId, answer } = await takenForDead()
    await resend(mailshot, sendId, { choice: { statuses: ['uncertain'] }, actor })
    await answer()
    expect(await statusCounts(mailshot, sendId)).toEqual({ pending: 2 })
  })

  it('is heard where the send was cancelled meanwhile, and they were to be mailed again', async () => {
    const { mailshot, sendId, answer } = await takenForDead({ resendUncertain: true })
    await cancelSend(mailshot, sendId, { actor })
    await answer()
    expect(await readSend(mailshot, sendId)).toMatchObject({ sent: 2, cancelled: 0 })
  })
})

/** Two mails that were in hand when the lease ran out, and what their worker has to say of them. */
async function takenForDead(config: { resendUncertain?: boolean } = {}) {
  const mailshot = await openTestMailshot(config)
  await addReaders(mailshot, 2)
  const sendId = await runningSend(mailshot, ['weekly'])
  const workerId = await enlistWorker(mailshot)
  const claimed = await claimRecipients(mailshot, { sendId, workerId, limit: 2 })
  await markRecipients(mailshot, claimed, { workerId })
  mailshot.clock.advance(61_000)
  await recoverDeadWorkers(mailshot)
  const answer = async () => {
    const now = mailshot.now()
    const settlements = claimed.map((recipient) =>
      settlementOf(recipient, { status: 'accepted', providerId: 'Q1' }, { now, maxTries: 5 }),
    )
    const lane = laneOf(mailshot.config, 'send')
    await mailshot.db.write(...settleStatements(settlements, lane, now))
  }
  return { mailshot, sendId, answer }
}
