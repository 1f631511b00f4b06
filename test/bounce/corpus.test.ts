import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BounceReading, readBounce } from '../../integrations/mailshot/bounce.ts'

// Real mails of many systems, kept outside the project.
const folder = join(import.meta.dirname, '../../../shared/bounces')
const isMissing = !existsSync(folder)
const title = isMissing ? ` (skipped: there is no ${folder})` : ''

describe(`readBounce, on a collection of real mails${title}`, () => {
  test.skipIf(isMissing)(
    'calls the dead hard and the rest soft, and names the recipient',
    async () => {
      const readings = await readCollection()
      const pairs = readings.flatMap(({ reading, expected }) =>
        expected.map((one, index) => ({ ...one, told: reportOn(reading, one.recipient, index) })),
      )
      const share = (of: typeof pairs, isRight: (pair: (typeof pairs)[number]) => boolean) =>
        of.filter(isRight).length / of.length
      const ofClass = (name: string) => pairs.filter((pair) => pair.class === name)
      const isCalled = (name: string) => (pair: (typeof pairs)[number]) =>
        pair.told?.judgement?.class === name

      expect(share(ofClass('hard'), isCalled('hard'))).toBeGreaterThanOrEqual(0.97)
      expect(share(ofClass('soft'), isCalled('soft'))).toBeGreaterThanOrEqual(0.95)
      const named = pairs.filter(({ recipient, class: kind }) => recipient && kind !== 'other')
      expect(
        share(named, ({ recipient, told }) => told?.recipient === recipient),
      ).toBeGreaterThanOrEqual(0.98)
    },
  )

  test.skipIf(isMissing)(
    'calls nothing a bounce that is none, and knows who complains or leaves',
    async () => {
      const readings = await readCollection()
      const isBounce = ({ class: name }: Expected) => ['hard', 'soft', 'either'].includes(name)
      const others = readings.filter(({ expected }) => !expected.some(isBounce))
      const complaints = readings.filter(({ expected }) => expected[0]?.class === 'complaint')

      expect(others.length).toBeGreaterThan(0)
      expect(others.filter(({ reading }) => reading.kind === 'bounce')).toEqual([])
      expect(complaints.filter(({ reading }) => !endings.includes(reading.kind))).toEqual([])
    },
  )
})

/** The collection counts as complaints also what asks to get no more. */
const endings = ['complaint', 'unsubscribe']

interface Expected {
  class: string
  recipient?: string
}

function reportOn(reading: BounceReading, recipient: string | undefined, index: number) {
  const named = reading.reports.find((report) => report.recipient === recipient)
  return (recipient === undefined ? undefined : named) ?? reading.reports[index]
}

let collection: ReturnType<typeof readAll> | undefined
const readCollection = () => (collection ??= readAll())

async function readAll() {
  const lines = (await readFile(join(folder, 'expected.jsonl'), 'utf8')).trim().split('\n')
  const cases = lines.map((line): { file: string; expected: Expected[] } => JSON.parse(line))
  return Promise.all(
    cases.map(async ({ file, expected }) => ({
      file,
      expected,
      reading: await readBounce(await readFile(join(folder, file))),
    })),
  )
}
