import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { inspectForPreview } from '../../integrations/mailshot/preview/compiled.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'
import { breaking, breakingCampaign } from './look-at.ts'

describe('inspectForPreview', () => {
  it('compiles a campaign once, however often it is looked at', async () => {
    const config = campaignFolder({ 'hello.md': markdown('Hello.') })
    const looks = await Promise.all([1, 2, 3].map(() => inspectForPreview(config, 'hello', {})))
    const [first, ...others] = looks.map(({ compiled }) => compiled)
    expect(first).toBeDefined()
    expect(others.every((compiled) => compiled === first)).toBe(true)
  })

  it('compiles it anew when its file, its image or its layout says something else', async () => {
    const config = campaignFolder({
      'hello.md': markdown('![A square](square.png)', 'layout: own'),
      'square.png': await square('#c00'),
      'layouts/own.mjml': layout('Dear reader'),
    })
    const hashes = [await hashOf(config)]
    const write = async (name: string, content: string | Uint8Array) => {
      writeFileSync(join(config.campaigns, name), content)
      hashes.push(await hashOf(config))
    }
    await write('square.png', await square('#00c'))
    await write('layouts/own.mjml', layout('Hello'))
    await write('hello.md', markdown('![Another](square.png)', 'layout: own'))
    expect(new Set(hashes).size).toBe(4)
  })

  it('tells problems of files, of compiling and of trying out alike', async () => {
    const config = campaignFolder({
      'hello.md': markdown('![](none.png)', 'lists: [wekly]'),
      'empty.md': markdown('Hello', 'subject: "{% if city %}{{ city }}{% endif %}"'),
    })
    const problems = async (slug: string) =>
      (await inspectForPreview(config, slug, {})).problems.map(({ line, what }) => [line, what])
    expect(await problems('hello')).toEqual(
      expect.arrayContaining([
        [3, 'unknown list "wekly"'],
        [5, 'the image none.png is missing'],
      ]),
    )
    expect(await problems('empty')).toEqual([[2, expect.stringContaining('subject')]])
  })

  it('says why where reading breaks off', async () => {
    const config = campaignFolder(breakingCampaign('hello'))
    const { compiled, failure } = await inspectForPreview(config, 'hello', breaking)
    expect([compiled, failure]).toEqual([undefined, 'it broke off'])
  })
})

async function hashOf(config: ReturnType<typeof campaignFolder>) {
  const { compiled, problems } = await inspectForPreview(config, 'hello', {})
  expect(problems).toEqual([])
  return compiled?.hash
}

function square(background: string): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer()
}

function layout(greeting: string): string {
  const text = `<mj-text>${greeting} {{ content }} <a href="{{ url_unsubscribe }}">Leave</a></mj-text>`
  return `<mjml><mj-body><mj-section><mj-column>${text}</mj-column></mj-section></mj-body></mjml>`
}
