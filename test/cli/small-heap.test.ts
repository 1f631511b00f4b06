import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

// A process that keeps the last few thousand of many objects, as a worker keeps the mails that are under way.
const churn = `
  import v8 from 'node:v8'
  const ring = []
  for (let turn = 0; turn < 300; turn += 1) {
    for (let n = 0; n < 4000; n += 1) ring[(turn * 4000 + n) % 20000] = { turn, n, text: 'x'.repeat(200) + n }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const spaces = v8.getHeapSpaceStatistics()
  console.log(spaces.find(({ space_name }) => space_name === 'new_space').space_size)
`

it('keeps the young space small where V8 lets it grow', async () => {
  const module = new URL('../../integrations/mailshot/cli/small-heap.ts', import.meta.url)
  const [kept, grown] = await Promise.all([
    youngSpaceAfter(`import { keepHeapSmall } from '${module}'; keepHeapSmall();${churn}`),
    youngSpaceAfter(churn),
  ])
  expect(kept).toBeLessThan(40_000_000)
  expect(grown).toBeGreaterThan(kept)
})

async function youngSpaceAfter(script: string): Promise<number> {
  const args = ['--input-type=module', '--eval', script]
  return Number((await promisify(execFile)(process.execPath, args)).stdout)
}
