import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, asyncProperty, constantFrom, double, nat, record } from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { type Mailshot, openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Message, Transport } from '../../integrations/mailshot/transport.ts'
import { testClock, testConfig } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const readers = 40
const parallel = 4

describe('a power cut', () => {
  it('loses nobody and mails nobody twice, wherever it tears what was not yet on disk', async () => {
    const moments = await mailOnce()
    const torn = record({
      at: nat(moments.length - 2),
      share: double({ min: 0, max: 1, noNaN: true }),
      rest: constantFrom<Rest>('nothing', 'zeros', 'noise'),
    })
    await assert(
      asyncProperty(torn, async ({ at, share, rest }) => {
        const [moment, next] = [momentOf(moments, at), momentOf(moments, at + 1)]
        // What a commit returned from is on disk; of what came after, any part may be.
        const length = moment.wal.length + Math.floor(share * (next.wal.length - moment.wal.length))
        const wal = tear(next.wal, length, rest)
        const after = await mailTheRest({ database: moment.database, wal })
        expect(twiceIn([...moment.accepted, ...after.accepted])).toEqual([])
        expect(after.statuses).toMatchObject({ send: 'done', others: [] })
        expect(
          after.sentTo.filter((to) => ![...moment.accepted, ...after.accepted].includes(to)),
        ).toEqual([])
        expect(after.uncertain).toBeLessThanOrEqual(parallel)
      }),
      { numRuns: 30 },
    )
  })

  it('that took the last commit too would mail somebody twice: it is why it comes first', async () => {
    const moments = await mailOnce()
    const before = moments.findLast(
      ({ wal }, at) => at < 20 && wal.length < momentOf(moments, 20).wal.length,
    )
    const { database, accepted } = momentOf(moments, 20)
    const after = await mailTheRest({ database, wal: before?.wal ?? Buffer.alloc(0) })
    expect(twiceIn([...accepted, ...after.accepted])).not.toEqual([])
  })
})

/** The files and the receiving side's book as they were while a mail was accepted. */
interface Moment {
  database: Buffer
  wal: Buffer
  accepted: string[]
}

/** Mails everybody, and looks at the disk at each hand-over: its mark is the last that was committed. */
async function mailOnce(): Promise<Moment[]> {
  const folder = openFolder()
  const file = join(folder, 'mailshot.db')
  const moments: Moment[] = []
  const accepted: string[] = []
  const transport = accepting((to) => {
    accepted.push(to)
    const database = readFileSync(file)
    moments.push({ database, wal: readFileSync(`${file}-wal`), accepted: [...accepted] })
  })
  const mailshot = await open(folder, { transport, minutes: 0 })
  await addReaders(mailshot, readers)
  await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  await mailshot.close()
  // One generation of the log: each moment's is how the next one's begins.
  const header = (wal: Buffer) => wal.subarray(0, 32).toString('hex')
  expect(new Set(moments.map(({ wal }) => header(wal))).size).toBe(1)
  expect(moments).toHaveLength(readers)
  return moments
}

/** What a worker does with the files after the cut, when the leases have run out. */
async function mailTheRest(files: { database: Buffer; wal: Buffer }) {
  const folder = openFolder()
  writeFileSync(join(folder, 'mailshot.db'), files.database)
  writeFileSync(join(folder, 'mailshot.db-wal'), files.wal)
  const accepted: string[] = []
  const transport = accepting((to) => accepted.push(to))
  const mailshot = await open(folder, { transport, minutes: 10 })
  await deliver(mailshot, { untilDone: true })
  const send = await readSend(mailshot, 'hello')
  const rows = await listRecipients(mailshot, { sendId: send.id })
  await mailshot.close()
  const inStatus = (...wanted: string[]) => rows.filter(({ status }) => wanted.includes(status))
  const final = new Set(inStatus('sent', 'uncertain'))
  return {
    accepted,
    statuses: { send: send.status, others: rows.filter((row) => !final.has(row)) },
    sentTo: inStatus('sent').map(({ email }) => email),
    uncertain: send.uncertain,
  }
}

async function open(
  folder: string,
  { transport, minutes }: { transport: Transport; minutes: number },
): Promise<Mailshot> {
  const clock = testClock()
  clock.advance(minutes * 60_000)
  const config = testConfig({ transport }, folder)
  return openMailshot(config, { create: true, clock, log: pino({ level: 'silent' }) })
}

/** A relay that takes everything, after a turn of the event loop; the operator's letters are not counted. */
function accepting(accept: (to: string) => void): Transport {
  const take = ({ campaign, envelope: { to } }: Message) => {
    if (campaign !== undefined) accept(to.toLowerCase())
  }
  return {
    name: 'accepting',
    batch: 1,
    parallel,
    async send(messages) {
      messages.forEach(take)
      await new Promise((resolve) => setImmediate(resolve))
      return messages.map(() => ({ status: 'accepted', providerId: 'kept' }))
    },
  }
}

type Rest = 'nothing' | 'zeros' | 'noise'

/** The log up to a byte; behind it nothing, or blocks of the file that were given a place and no content. */
function tear(wal: Buffer, length: number, rest: Rest): Buffer {
  const torn = Buffer.from(wal)
  if (rest === 'nothing') return torn.subarray(0, length)
  return torn.fill(rest === 'zeros' ? 0 : 0xa5, length)
}

function momentOf(moments: Moment[], at: number): Moment {
  const moment = moments[at]
  if (!moment) throw new Error(`there are ${moments.length} moments only`)
  return moment
}

function twiceIn(addresses: string[]): string[] {
  return addresses.filter((to, at) => addresses.indexOf(to) !== at)
}

function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-power-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
