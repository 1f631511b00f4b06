import { describe, expect, it } from 'vitest'
import { withEach } from '../../integrations/mailshot/cli/transports.ts'
import { MailshotError } from '../../integrations/mailshot/error.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'

function three() {
  const closed: string[] = []
  const transports = ['main', 'bulk', 'rest'].map((name) => ({
    ...memory(),
    name,
    close: () => Promise.resolve(void closed.push(name)),
  }))
  return { transports, closed }
}

describe('withEach', () => {
  it('gives each its turn, closes it, and says then what went wrong with whom', async () => {
    const { transports, closed } = three()
    const seen: string[] = []
    const work = withEach(transports, async ({ name }) => {
      seen.push(name)
      if (name !== 'bulk') throw new MailshotError(`${name}: it cannot be reached`)
    })
    await expect(work).rejects.toThrow('main: it cannot be reached\nrest: it cannot be reached')
    expect(seen).toEqual(['main', 'bulk', 'rest'])
    expect(closed).toEqual(seen)
  })

  it('ends at once with what is no mistake of anybody', async () => {
    const { transports, closed } = three()
    const work = withEach(transports, () => Promise.reject(new TypeError('a bug')))
    await expect(work).rejects.toThrow(TypeError)
    expect(closed).toEqual(['main'])
  })
})
