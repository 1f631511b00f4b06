import { describe, expect, it } from 'vitest'
import { patiently } from '../db/patience.ts'

describe('patiently', () => {
  it('answers what is asked after the last call, unless the disk is stalled', async () => {
    const patience = { ms: 0, until: AbortSignal.abort(new Error('stopped')) }

    await expect(patiently(patience, () => Promise.resolve(1))).resolves.toBe(1)
    await expect(patiently(patience, () => new Promise(() => {}))).rejects.toThrow('stopped')
  })
})
