import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { outbox } from '../../integrations/mailshot/transports/outbox.ts'
import { testMessage } from '../messages.ts'
import { arrivedMail } from '../smtp-server.ts'
import { transportContract } from '../transport-contract.ts'

const { signal } = new AbortController()
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'outbox-'))
})
afterEach(async () => {
  await rm(root, { recursive: true })
})

/** The envelope is not in the file; its only recipient is the To header's. */
async function readOutbox(folder: string) {
  const names = await readdir(folder).catch(() => [])
  return Promise.all(
    names.map(async (name) => {
      const mail = await arrivedMail(await readFile(join(folder, name)), '')
      return { ...mail, to: /<([^>]+)>/.exec(mail.headers['to'] ?? '')?.[1] ?? '' }
    }),
  )
}

transportContract({
  name: 'outbox()',
  open() {
    const folder = join(root, 'out')
    return Promise.resolve({
      transport: outbox({ folder }),
      received: () => readOutbox(folder),
      close: () => Promise.resolve(),
    })
  },
  async openBroken() {
    await writeFile(join(root, 'file'), '')
    return {
      transport: outbox({ folder: join(root, 'file', 'out') }),
      received: () => Promise.resolve([]),
      secrets: [],
      close: () => Promise.resolve(),
    }
  },
})

describe('outbox', () => {
  it('writes one file a message, named by its id, that holds its bytes', async () => {
    const message = testMessage({ id: '12.345' })
    const transport = outbox({ folder: root })
    expect(await transport.send([message], signal)).toEqual([
      { status: 'accepted', providerId: '12.345.eml' },
    ])
    const written = await readFile(join(root, '12.345.eml'))
    expect(written.toString()).toContain(message.messageId)
  })

  it('replaces the file when the same message comes again', async () => {
    const transport = outbox({ folder: root })
    await transport.send([testMessage({ id: 'letter.1', subject: 'First' })], signal)
    await transport.send([testMessage({ id: 'letter.1', subject: 'Second' })], signal)
    expect(await readOutbox(root)).toMatchObject([{ subject: 'Second' }])
  })

  it.each(['../escape', '..', '.hidden', 'a/b\\c', 'été*?'])(
    'keeps the id %s inside the folder and visible',
    async (id) => {
      const folder = join(root, 'out')
      await outbox({ folder }).send([testMessage({ id })], signal)
      expect(await readdir(root)).toEqual(['out'])
      expect(await readdir(folder)).toEqual([expect.stringMatching(/^[^./\\*?][^/\\*?]*\.eml$/)])
    },
  )

  it('leaves no draft behind when a file cannot be put in place', async () => {
    const folder = join(root, 'out')
    const transport = outbox({ folder })
    await transport.send([testMessage({ id: 'a/in-the-way' })], signal)
    await rm(join(folder, 'a%2Fin-the-way.eml'))
    await outbox({ folder: join(folder, 'a%2Fin-the-way.eml') }).send([testMessage()], signal)
    const [outcome] = await transport.send([testMessage({ id: 'a/in-the-way' })], signal)
    expect(outcome).toMatchObject({ status: 'blocked' })
    expect(await readdir(folder)).toEqual(['a%2Fin-the-way.eml'])
  })

  it('pauses the send, and says why, when the folder cannot be made', async () => {
    await writeFile(join(root, 'file'), '')
    const transport = outbox({ folder: join(root, 'file') })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('cannot be written') },
    ])
    await expect(transport.verify?.()).rejects.toThrow(/name another folder, or make it writable/)
  })
})
