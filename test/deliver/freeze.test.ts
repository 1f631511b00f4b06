import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startCampaign } from '../sent-campaign.ts'

describe('deliver', () => {
  it('freezes a send of many slices without resting between them', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 12_000)
    await startCampaign(mailshot, { 'june.md': markdown('Bonjour {{ footer }}') })
    const startedAt = mailshot.now()
    const stop = new AbortController()
    let frozenAt = 0
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: ([send]) => {
        if (send?.status !== 'running' || frozenAt > 0) return
        frozenAt = mailshot.now()
        stop.abort()
      },
    })
    expect(frozenAt - startedAt).toBeLessThan(500)
  })
})
