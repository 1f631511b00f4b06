import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { imagePreparer } from '../../integrations/mailshot/compile/images.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'

function photo(red: number): Promise<Buffer> {
  const background = { r: red, g: 80, b: 160 }
  return sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .png()
    .toBuffer()
}

describe('imagePreparer', () => {
  test('encodes an image once for all campaigns of a config', async () => {
    const config = campaignFolder({
      'one.md': markdown('![A hill](hill.png)'),
      'two.md': markdown('![The same hill](copy.png)'),
      'hill.png': await photo(10),
      'copy.png': await photo(10),
    })
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (slug) => compileCampaign(config, await readCampaign(config, slug))),
    )
    expect(one?.media).toHaveLength(1)
    expect(two?.media[0]?.bytes).toBe(one?.media[0]?.bytes)
  })

  test('makes the addresses of each config', async () => {
    const images = { 'hill.png': new Uint8Array(await photo(20)) }
    const here = await imagePreparer(campaignFolder({}))(images)
    const there = await imagePreparer(campaignFolder({}, { site: 'https://other.example' }))(images)
    expect(here.get('hill.png')).toMatchObject({
      url: expect.stringMatching(/^https:\/\/example\.org\/mailshot\/media\//),
    })
    expect(there.get('hill.png')).toMatchObject({
      url: expect.stringMatching(/^https:\/\/other\.example\/mailshot\//),
    })
  })

  test('says again why an image cannot be used', async () => {
    const config = campaignFolder({})
    const images = { 'broken.png': Buffer.from('no image at all') }
    const first = await imagePreparer(config)(images)
    expect(first.get('broken.png')).toContain('unsupported image format')
    expect(await imagePreparer(config)(images)).toEqual(first)
  })
})
