import { describe, expect, test } from 'vitest'
import { followDuring } from '../../integrations/mailshot/cli/progress.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { recordingTerminal } from './recording-terminal.ts'

describe('followDuring', () => {
  test('passes the failure of the work on once nothing reads the database any more', async () => {
    const mailshot = await openTestMailshot()
    let reads = 0
    const counted = { ...mailshot, db: { ...mailshot.db, all: countedAll } }
    function countedAll<Row>(...query: Parameters<typeof mailshot.db.all>): Promise<Row[]> {
      reads += 1
      return mailshot.db.all<Row>(...query)
    }

    const work = () => Promise.reject(new Error('nothing is sent'))
    await expect(followDuring(counted, recordingTerminal(), work)).rejects.toThrow(
      'nothing is sent',
    )
    const before = reads
    await new Promise((resolve) => setImmediate(resolve))

    expect(before).toBeGreaterThan(0)
    expect(reads).toBe(before)
  })

  test('fails when the sends cannot be read, after the work has ended', async () => {
    const mailshot = await openTestMailshot()
    const all = () => Promise.reject(new Error('no disk'))
    const broken = { ...mailshot, db: { ...mailshot.db, all } }
    const order: string[] = []

    const work = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      order.push('worked')
    }
    await expect(followDuring(broken, recordingTerminal(), work)).rejects.toThrow('no disk')

    expect(order).toEqual(['worked'])
  })
})
